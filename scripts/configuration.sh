# shellcheck shell=bash
# configuration.sh -- writes the configuration files of an installation: foyer.conf, nginx's, PostgreSQL's.
# Sourced after lib.sh, never run: by supervise (a checkout, everything in one directory, one user) and by host
# (a package, a directory for each purpose and a user for each process).
# Needs: MADE_BY, the name in the files' first lines; CONF_DIR and conf in it; KEYS, SECRETS; MEDIA; BOARDS; LOG;
# PG_DATA, PG_RUN; NGINX_DIR, NGINX_TMP, NGINX_PID, CERT, CERT_KEY; socket_of POOL. Where backups are made: ARCHIVE_COMMAND.
# shellcheck disable=SC2154  # conf

template= # of a file being filled in

# ---- foyer.conf ----

# The value of a key: environment, then the settings file.
setting() {
    local name=FOYER_${1^^}
    if [[ ${!name:-} ]]; then
        say "${!name}"
    else
        sed -n "s/^$1 *= *//p" "$conf" | tail -1
    fi
}

# local.conf beside it holds the settings of this installation; they win over what is made here.
write_conf() {
    local made=$conf.new key
    {
        say "# Made by $MADE_BY at each start. Settings of your own go into local.conf beside this"
        say "# file; the environment (FOYER_<KEY>) wins over both."
        cat <<EOF
domain = $FOYER_DOMAIN
port = $FOYER_PORT
database = host='$PG_RUN' dbname=foyer
keys = $KEYS
master_key = $SECRETS/master.key
media = $MEDIA
templates = $APP/templates:$APP/asset-templates
sql_dir = $APP/sql
listen_staff = unix:$(socket_of staff)
listen_public = unix:$(socket_of public)
listen_slow = unix:$(socket_of slow)
listen_status = unix:$(socket_of status)
boards = $BOARDS
workers_staff = 8
workers_public = 8
workers_slow = 4
operator_inbox = hello@$FOYER_DOMAIN
${MORE_SETTINGS:-}
EOF
    } >"$made"
    if [[ -f $CONF_DIR/local.conf ]]; then
        while read -r key; do
            sed -i "/^$key *=/d" "$made"
        done < <(sed -nE 's/^ *([a-z_]+) *=.*/\1/p' "$CONF_DIR/local.conf")
        cat -- "$CONF_DIR/local.conf" >>"$made"
    fi
    mv -- "$made" "$conf"
}

# ---- nginx ----

# fill NAME VALUE...: replaces @NAME@ in $template
fill() {
    while (($#)); do
        template=${template//"@$1@"/"$2"}
        shift 2
    done
}

# "unix:/a,tcp:h:1" as servers of an upstream block
servers() {
    local one out=
    local -a list
    IFS=, read -ra list <<<"$1"
    for one in "${list[@]}"; do
        one=${one# } one=${one% }
        out+="server \"${one#tcp:}\" max_fails=0; "
    done
    say "$out"
}

# listen directives for a port; loopback only, unless FOYER_LISTEN says otherwise
listens() {
    local address
    for address in ${FOYER_LISTEN:-127.0.0.1 [::1]}; do
        [[ $address == '['* && ! -s /proc/net/if_inet6 ]] && continue
        say "        listen $address:$1${2:+ $2};"
    done
}

write_nginx() {
    local file authority=:$FOYER_PORT redirect='' inner=
    [[ $FOYER_PORT == 443 ]] && authority=
    if ((FOYER_HTTP_PORT)); then
        template=$(<"$APP/nginx/redirect.conf.in")
        fill LISTEN_HTTP_DEFAULT "$(listens "$FOYER_HTTP_PORT" default_server)" \
            LISTEN_HTTP "$(listens "$FOYER_HTTP_PORT")"
        redirect=$template$'\n'
    fi
    if ((FOYER_INNER_PORT)); then
        template=$(<"$APP/nginx/inner.conf.in")
        fill INNER_PORT "$FOYER_INNER_PORT" SERVERS_STATUS "$(servers "$(setting listen_status)")" RUN "$RUN"
        inner=$template$'\n'
    fi
    for file in "$APP"/nginx/*.conf.in; do
        [[ $file == */redirect.conf.in || $file == */inner.conf.in ]] && continue
        template=$(<"$file")
        fill REDIRECT "$redirect" INNER "$inner" \
            LISTEN_DEFAULT "$(listens "$FOYER_PORT" "ssl http2 default_server")" \
            LISTEN "$(listens "$FOYER_PORT" "ssl http2")" \
            SERVERS_STAFF "$(servers "$(setting listen_staff)")" \
            SERVERS_PUBLIC "$(servers "$(setting listen_public)")" \
            SERVERS_SLOW "$(servers "$(setting listen_slow)")" \
            DOMAIN "$FOYER_DOMAIN" DOMAIN_RE "${FOYER_DOMAIN//./\\.}" AUTHORITY "$authority" \
            NGINX_PID "$NGINX_PID" LOG "$LOG" TMP "$NGINX_TMP" CERT "$CERT" CERT_KEY "$CERT_KEY" \
            RUN "$RUN" APP "$APP" \
            RATE "${FOYER_RATE:-50}" BURST "${FOYER_BURST:-100}" \
            STUDIO_RATE "${FOYER_STUDIO_RATE:-300}" STUDIO_BURST "${FOYER_STUDIO_BURST:-600}" \
            POST_RATE "${FOYER_POST_RATE:-5}" POST_BURST "${FOYER_POST_BURST:-20}" \
            PAGES "${FOYER_CONNECTIONS:-20}" CONNECTIONS "$((2 * ${FOYER_CONNECTIONS:-20}))"
        printf '%s\n' "$template" >"$NGINX_DIR/$(basename "$file" .in)"
    done
    # Which pool serves a path is the page table's business.
    "$APP/bin/foyer" routes --nginx >"$NGINX_DIR/routes.conf" 2>"$LOG/routes.log" ||
        fail "foyer routes: $(tail -1 "$LOG/routes.log")"
}
test_nginx() {
    nginx -e "$LOG/nginx-error.log" -t -q -c "$NGINX_DIR/foyer.conf" 2>"$LOG/nginx-test.log" ||
        fail "nginx refuses its configuration: $(grep -m1 -E 'emerg|crit' "$LOG/nginx-test.log")"
}

# ---- PostgreSQL ----

write_postgresql() {
    cat >"$PG_DATA/foyer.conf" <<EOF
# Made by $MADE_BY at each start; ALTER SYSTEM wins over it.
listen_addresses = ''
unix_socket_directories = '$PG_RUN'
unix_socket_permissions = ${PG_SOCKET_MODE:-0700}
shared_preload_libraries = '$APP/lib/foyerctx.so'
dynamic_library_path = '$APP/lib:\$libdir'
max_connections = ${FOYER_MAX_CONNECTIONS:-100}

# A small machine; pages are short statements by index.
shared_buffers = 128MB
work_mem = 8MB
maintenance_work_mem = 64MB
effective_cache_size = 512MB
max_wal_size = 512MB
random_page_cost = 1.1
max_parallel_workers_per_gather = 0
jit = off
timezone = 'UTC'

# A dead worker's transaction does not linger; nothing waits for ever. (statement_timeout is set by
# role: migrations and backups take longer than a page may.)
client_connection_check_interval = 1s
lock_timeout = 3s
idle_in_transaction_session_timeout = 30s

# No client data in this log: no statements, no parameters, no DETAIL (it quotes values). Of an error and of a
# slow statement foyerctx leaves the SQLSTATE and the statement's name: their texts quote input. The name of the
# connection (%a) is the id of the request, as in nginx's and the pools' logs.
logging_collector = off
log_destination = stderr
log_line_prefix = '%m [%p] %q%u %a '
log_timezone = 'UTC'
log_min_messages = error
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = none
log_min_duration_statement = 1s
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
EOF
    # A copy of every piece of WAL, at most four minutes old; what the archive refuses is kept and tried again.
    [[ ! ${ARCHIVE_COMMAND:-} || ! $(setting backup_dir) ]] || cat >>"$PG_DATA/foyer.conf" <<EOF
archive_mode = on
archive_timeout = ${FOYER_ARCHIVE_TIMEOUT:-240}
archive_command = '$ARCHIVE_COMMAND'
EOF
}
