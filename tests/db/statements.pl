#!/usr/bin/perl
# statements.pl -- the product's named statements with their parameters as $1, $2, ..., as one JSON array of
# {"name", "params", "sql"}; for tests/db/100_plans.sql. The product's own reader is cgi-src/tools/sqlgen.c.
use strict;
use warnings;
use JSON::PP;
my @all;
for my $file (sort glob '../../sql/queries/*.sql') {
    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!";
    my $text = do { local $/; <$in> };
    my ($head, @parts) = split /^-- name: (?=\w)/m, $text;
    for my $part (@parts) {
        my ($name, $body) = $part =~ /\A(\w+)[^\n]*\n(.*)\z/s or die "$file: no name";
        my (@params, %number);
        # Quoted text and comments as they are, casts as they are, :name by its number.
        $body =~ s{('(?:[^']|'')*'|"[^"]*"|::\w+)|--[^\n]*|:([a-z_]\w*)}{
            defined $1 ? $1 : !defined $2 ? '' : do {
                $number{$2} //= do { push @params, $2; scalar @params };
                "\$$number{$2}" } }ge;
        $body =~ s/\s*;\s*\z//;
        push @all, {name => $name, params => \@params, sql => $body};
    }
}
print JSON::PP->new->ascii->canonical->encode(\@all);
