<?php
// studio.php -- what every page of a PHP application like ours would share: the kept connection with its prepared statements,
// escaping, form tokens, opening of sealed values. Used by the page that compile.js makes.
declare(strict_types=1);

function h(?string $s): string { return htmlspecialchars($s ?? '', ENT_QUOTES | ENT_SUBSTITUTE, 'UTF-8'); }

function stop(int $status): never
{
    http_response_code($status);
    exit;
}

// One connection a process, for ever. Whether its statements are prepared is known to the server alone: the first one of a
// transaction says so by failing, once in a connection's life. Returns a connection with a transaction open, and its first row.
function studio_begin(string $conninfo, array $statements, array $who): array
{
    $db = pg_pconnect($conninfo) ?: stop(503);
    pg_query($db, 'BEGIN') ?: stop(503);
    $result = @pg_execute($db, 'begin_staff', $who);
    if (!$result && str_contains(pg_last_error($db), 'does not exist')) {
        pg_query($db, 'ROLLBACK');
        foreach ($statements as $name => $sql)
            pg_prepare($db, $name, $sql) ?: stop(500);
        pg_query($db, 'BEGIN');
        $result = @pg_execute($db, 'begin_staff', $who);
    }
    if (!$result) {
        pg_query($db, 'ROLLBACK');
        stop(401);
    }
    return [$db, pg_fetch_assoc($result)];
}

function rows(PgSql\Connection $db, string $name, array $values): array
{
    $result = @pg_execute($db, $name, $values);
    if (!$result) {
        pg_query($db, 'ROLLBACK');
        stop(403);
    }
    return pg_fetch_all($result, PGSQL_ASSOC);
}

function by(array $rows, string $column): array
{
    $groups = [];
    foreach ($rows as $row)
        $groups[$row[$column]][] = $row;
    return $groups;
}

// ---- what templates say ----

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [1 => 'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October',
    'November', 'December'];

function as_day(string $date): string
{
    $t = gmmktime(0, 0, 0, (int)substr($date, 5, 2), (int)substr($date, 8, 2), (int)substr($date, 0, 4));
    return DAYS[(int)gmdate('w', $t)] . ' ' . (int)substr($date, 8, 2) . ' ' . MONTHS[(int)substr($date, 5, 2)];
}
function as_iso(string $date): string { return substr($date, 0, 10); }
// of a time, or of a date with a time
function as_time(string $t): string
{
    $t = strlen($t) > 10 ? substr($t, 11) : $t;
    $hour = (int)$t;
    return ($hour % 12 ?: 12) . ':' . substr($t, 3, 2) . ($hour < 12 ? ' am' : ' pm');
}
function as_hour(string $t): string { return (string)(int)(strlen($t) > 10 ? substr($t, 11, 2) : $t); }
function as_five(string $t): string { return (string)(intdiv((int)substr(strlen($t) > 10 ? substr($t, 11) : $t, 3, 2), 5) * 5); }
function as_datetime(string $t): string
{
    $at = gmmktime(0, 0, 0, (int)substr($t, 5, 2), (int)substr($t, 8, 2), (int)substr($t, 0, 4));
    return gmdate('D j M Y', $at) . ', ' . as_time($t);
}
function first_letter(string $word): string { return preg_match('/^./u', $word, $m) ? strtoupper($m[0]) : ''; }
function as_initials(string $name): string
{
    $words = explode(' ', trim($name));
    return first_letter($words[0]) . (count($words) > 1 ? first_letter(end($words)) : '');
}

function base64url(string $bytes): string { return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '='); }
function form_token(string $host, string $session): string
{
    $stamp = dechex(time());
    return $stamp . '.' . base64url(substr(hash_hmac('sha256', "$host\n$session\n$stamp", FORM_KEY, true), 0, 24));
}

// ---- keys ----

function open_sealed(string $key, string $aad, string $sealed): string
{
    if ($sealed[0] !== "\1" || substr($sealed, 1, 8) !== substr(hash('sha256', $key, true), 0, 8))
        stop(500);
    $plain = openssl_decrypt(substr($sealed, 21, -16), 'aes-256-gcm', $key, OPENSSL_RAW_DATA, substr($sealed, 9, 12),
        substr($sealed, -16), $aad);
    return $plain === false ? stop(500) : $plain;
}

// Opens what belongs to a client; her key is unwrapped when it is needed first.
final class Keys
{
    private ?string $tenant_key = null;
    private array $open = [];

    public function __construct(private string $tenant, private array $wrapped) {}

    public function plain(string $client, string $table, string $column, string $row, string $sealed): string
    {
        if (!isset($this->wrapped[$client]))
            return '(erased)';
        $this->tenant_key ??= open_sealed(MASTER_KEY, "tenant_key|$this->tenant", file_get_contents(KEYS . "/$this->tenant.key"));
        $this->open[$client] ??= open_sealed($this->tenant_key, "client_key|$this->tenant|$client",
            pg_unescape_bytea($this->wrapped[$client]));
        return open_sealed($this->open[$client], "$this->tenant|$table|$column|$row", pg_unescape_bytea($sealed));
    }
}
