# shellcheck shell=bash
# lib.sh -- what run, supervise, test and page share: where things are, and as whom they run.
# Sourced, never run. Sets: FOYER_VAR FOYER_PORT FOYER_HTTP_PORT FOYER_DOMAIN FOYER_USER RUN APP PGBIN.

say() { printf '%s\n' "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

PGBIN=/usr/lib/postgresql/15/bin
: "${FOYER_PORT:=8443}" "${FOYER_HTTP_PORT:=8080}" "${FOYER_DOMAIN:=foyer.localhost}"
: "${FOYER_INNER_PORT:=0}" # health and metrics, on loopback; 0: none
: "${FOYER_USER:=foyer}"   # who runs everything when started as root
export FOYER_PORT FOYER_DOMAIN FOYER_INNER_PORT

# Sets the array AS_FOYER: the words before a command that make it run as the unprivileged user, with a
# clean environment but for FOYER_* and what the sanitizers are told. Without privileges to give up, only the environment is cleaned.
as_foyer_words() {
    local name
    AS_FOYER=()
    if ((EUID == 0)); then
        AS_FOYER=(setpriv --reuid "$FOYER_USER" --regid "$FOYER_USER" --init-groups
            --inh-caps=-all --no-new-privs)
    fi
    AS_FOYER+=(env -C / -i PATH="$PGBIN:/usr/sbin:/usr/bin:/sbin:/bin" LANG=C.UTF-8 HOME=/)
    for name in $(compgen -e | grep -E '^(FOYER_|(ASAN|UBSAN)_OPTIONS$)'); do AS_FOYER+=("$name=${!name}"); done
}
as_foyer() {
    as_foyer_words
    "${AS_FOYER[@]}" "$@"
}

# make, one at a time in this checkout: run, test and page may be started together.
build() {
    mkdir -p -- "$ROOT/build"
    flock -- "$ROOT/build/.lock" make -s -C "$ROOT" -j"$(nproc)" "$@"
}

short_hash() { printf '%s' "$1" | sha256sum | cut -c1-10; }

# The directory of everything that a running Foyer writes, absolute. Sets FOYER_VAR, APP.
locate_var() {
    : "${FOYER_VAR:=${ROOT:-$PWD}/var}"
    [[ $FOYER_VAR == /* ]] || FOYER_VAR=$PWD/$FOYER_VAR
    FOYER_VAR=$(realpath -m -- "$FOYER_VAR")
    [[ $FOYER_VAR =~ [\"\'\\\$\;\{\}[:cntrl:]] ]] &&
        fail "FOYER_VAR=$FOYER_VAR has characters that configuration files cannot hold; choose another"
    APP=$FOYER_VAR/app # the installed copy that runs
    export FOYER_VAR APP
    # A socket's path has room for 107 bytes; PostgreSQL's is the longest.
    RUN=$FOYER_VAR/run
    if ((${#RUN} + ${#PG_SOCKET} > 100)); then
        if ((EUID == 0)); then
            RUN=/run/foyer-$(short_hash "$FOYER_VAR")
        else
            RUN=/tmp/foyer-$(id -u)-$(short_hash "$FOYER_VAR")
        fi
    fi
    [[ ${FOYER_RUN:-} ]] && RUN=$FOYER_RUN
    export FOYER_RUN=$RUN
}
PG_SOCKET=/.s.PGSQL.5432

# Makes DIRECTORY for the unprivileged user, mode 0700 unless he had it already.
own_directory() {
    if [[ ! -d $1 ]]; then
        (umask 077 && mkdir -p -- "$1")
        ((EUID)) || chown "$FOYER_USER:" -- "$1"
    fi
    [[ ! -L $1 && $(stat -c %U -- "$1") == "$(os_user)" ]] ||
        fail "$1 belongs to somebody else; remove it or set FOYER_RUN to another directory"
}
os_user() { if ((EUID == 0)); then printf '%s' "$FOYER_USER"; else id -un; fi; }

# Makes FOYER_VAR so that the unprivileged user can work in it.
make_var() {
    local home
    if ((EUID == 0)) && ! id "$FOYER_USER" >/dev/null 2>&1; then
        useradd --system --user-group --no-create-home --home-dir /nonexistent \
            --shell /usr/sbin/nologin "$FOYER_USER" || fail "cannot create the system user $FOYER_USER"
    fi
    if [[ -d $FOYER_VAR && ! -e $FOYER_VAR/.foyer ]] && [[ $(ls -A -- "$FOYER_VAR") ]]; then
        fail "$FOYER_VAR holds other things; set FOYER_VAR to an empty or new directory"
    fi
    mkdir -p -- "$FOYER_VAR" || fail "cannot make $FOYER_VAR; set FOYER_VAR to another directory"
    if ((EUID == 0)); then
        chown "$FOYER_USER:" -- "$FOYER_VAR"
        chmod 750 -- "$FOYER_VAR"
        if ! as_foyer test -w "$FOYER_VAR"; then
            # The checkout stands below a private directory, such as /root.
            home=/var/lib/foyer-$(short_hash "$FOYER_VAR")
            rmdir -- "$FOYER_VAR" 2>/dev/null || fail "the user $FOYER_USER cannot reach" \
                "$FOYER_VAR; set FOYER_VAR to a directory that he can, such as /var/lib/foyer"
            install -d -m 750 -o "$FOYER_USER" -g "$FOYER_USER" -- "$home"
            ln -s -- "$home" "$FOYER_VAR"
            FOYER_RUN=
            locate_var
        fi
    fi
    [[ -w $FOYER_VAR ]] || fail "$FOYER_VAR belongs to somebody else; set FOYER_VAR to another directory"
    touch -- "$FOYER_VAR/.foyer"
    own_directory "$RUN"
}

# The supervisor holds a lock on RUN/lock as long as it lives: no stale pid file can deceive.
is_running() {
    [[ -e $RUN/lock ]] || return 1
    ! flock -n -- "$RUN/lock" true 2>/dev/null
}
supervisor_pid() { cat -- "$RUN/supervise.pid" 2>/dev/null; }

# address of a host, as people type it
address() {
    if [[ $FOYER_PORT == 443 ]]; then say "https://$1/"; else say "https://$1:$FOYER_PORT/"; fi
}

print_addresses() {
    local label role email password key
    say "Foyer is running. Its certificate is self-signed; the browser will ask once."
    say
    say "  website   $(address "$FOYER_DOMAIN")"
    [[ -r $FOYER_VAR/demo-logins.txt ]] || return 0
    local last=
    while IFS=$'\t' read -r label role email password key; do
        [[ -z $label || $label == '#'* ]] && continue
        if [[ $label != "$last" ]]; then
            say
            say "  $label   $(address "$label.$FOYER_DOMAIN")"
            last=$label
        fi
        printf '    %-14s %-40s %s\n' "$role" "$email" "$password"
        [[ -z ${key:-} ]] || printf '    %-14s %-40s %s\n' '' "and a code: scripts/code $label $role" "(or an app with the key $key)"
    done <"$FOYER_VAR/demo-logins.txt"
}

port_in_use() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
