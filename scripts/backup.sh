# shellcheck shell=bash
# backup.sh -- what backup, archive-wal, fetch-wal, restore and drill share: parts, manifests, and where they lie.
# Sourced after lib.sh, never run. docs/backup.md says what lies in a backup directory.
#
# A part is a file that was compressed, encrypted by age to the public keys in `backup_recipients`, and only then written.
# A manifest names parts with their size and SHA-256 and is signed by the key that signs the audit trail's heads.

BACKUP_MARK=.foyer-backup # a directory without it is no backup directory, perhaps one that is not mounted

# The value of a key: environment, then the settings file, then $2.
backup_setting() {
    local name=FOYER_${1^^} value
    value=${!name:-}
    [[ $value || ! -r $FOYER_VAR/foyer.conf ]] || value=$(sed -n "s/^$1 *= *//p" "$FOYER_VAR/foyer.conf" | tail -1)
    printf '%s' "${value:-${2:-}}"
}

# Sets DIR and RECIPIENTS; fails when no backups can be made here.
backup_place() {
    DIR=$(backup_setting backup_dir)
    RECIPIENTS=$(backup_setting backup_recipients "$FOYER_VAR/backup.recipients")
    [[ $DIR ]] || fail "no backup directory is set; see docs/backup.md (FOYER_BACKUP_DIR, or backup_dir in local.conf)"
    [[ -e $DIR/$BACKUP_MARK ]] || fail "$DIR is no backup directory, or is not mounted; scripts/backup --keygen makes one"
    [[ -s $RECIPIENTS ]] || fail "$RECIPIENTS holds no public key; scripts/backup --keygen makes one"
}

utc() { date -u +%Y-%m-%dT%H:%M:%SZ; }
size_of() { stat -c %s -- "$1"; }
sum_of() { local sum; sum=$(sha256sum <"$1") && printf '%s' "${sum%% *}"; }

# Reads standard input and writes FILE: compressed and encrypted before any byte reaches a disk.
write_part() { zstd -q -T2 -3 | age -R "$RECIPIENTS" -o "$1" && sync -- "$1"; }

# Signs the text of standard input as FILE, in one step.
write_manifest() {
    "$FOYER" backup sign >"$1.new"
    sync -- "$1.new"
    mv -- "$1.new" "$1"
    sync -- "${1%/*}"
}

# value FILE KEY: what a manifest says
value() { sed -n "s/^$2 //p" "$1" | head -1; }

# Whether a manifest is signed, by SIGNER where that is set. Says what is wrong.
manifest_ok() { "$FOYER" backup verify ${SIGNER:+--signer "$SIGNER"} "$1" >/dev/null; }

# Whether every part that DIRECTORY's manifest names is there as it was written. Names the one that is not.
parts_ok() {
    local word name size sum at=$1 good=1
    manifest_ok "$at/manifest" || return 1
    [[ $(value "$at/manifest" id) == "${at##*/}" ]] || { say "$at: is the manifest of another backup" >&2; return 1; }
    while read -r word name size sum; do
        [[ $word == part ]] || continue
        part_ok "$at/$name" "$size" "$sum" || good=
    done <"$at/manifest"
    [[ $good ]]
}
part_ok() { # FILE SIZE SHA256
    if [[ ! -f $1 ]]; then
        say "$1: is missing" >&2
    elif (($(size_of "$1") != $2)); then
        say "$1: was cut or grew: $(size_of "$1") bytes, not $2" >&2
    elif [[ $(sum_of "$1") != "$3" ]]; then
        say "$1: is not what was written: its SHA-256 differs" >&2
    else
        return 0
    fi
    return 1
}

# Reads a part: decrypted by IDENTITY.
read_part() { age -d -i "$IDENTITY" "$1" | zstd -q -d; }

# Directories of whole backups of KIND (base, keys), oldest first.
backups() {
    local at
    for at in "$DIR/$1"/[0-9]*; do
        [[ -f $at/manifest ]] && printf '%s\n' "$at"
    done
    return 0
}
