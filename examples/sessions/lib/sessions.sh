# Sessions in files, for bash: the same files and the same lock as in sessions.py, which says why it is done so.
#
#   sessions_lock                  held until the program ends, or sessions_unlock
#   session_find "$HTTP_COOKIE" || session_create
#   session_visits=$((session_visits + 1)); session_save
#   session_cookie                 the value of Set-Cookie
#
# A session is three variables: session_user, session_visits, session_expires, and session_id.

# What comes in a cookie is no pattern for names of files.
set -o noglob

most=${SESSIONS_MOST:-1000}
seconds=${SESSION_SECONDS:-1800}

sessions_lock() {
    mkdir -p -m 700 "$SESSIONS"
    exec 9>>"$SESSIONS/lock"
    flock 9
}

sessions_unlock() {
    exec 9>&-
}

# The session of the first cookie that names one. Unknown ids are never taken over.
session_find() {
    local pair name value IFS=';'
    for pair in $1; do
        name=${pair%%=*} value=${pair#*=}
        name=${name//[ $'\t']/} value=${value//[ $'\t\"']/}
        [[ $name == sid && $value =~ ^[0-9a-f]{48}$ ]] || continue
        session_load "$value" && ((session_expires > $(date +%s))) && return 0
    done
    return 1
}

session_create() {
    sessions_make_room
    session_id=$(new_id) session_user='' session_visits=0
}

# The same session under another id.
session_renew() {
    session_remove
    session_id=$(new_id)
}

session_load() {
    local path name value
    path=$(path_of "$1")
    session_user='' session_visits=0 session_expires=0
    [[ -f $path ]] || return 1
    while IFS='=' read -r name value; do
        case $name in
        user) session_user=$value ;;
        visits) [[ $value =~ ^[0-9]+$ ]] && session_visits=$value ;;
        expires) [[ $value =~ ^[0-9]+$ ]] && session_expires=$value ;;
        esac
    done <"$path"
    session_id=$1
}

session_save() {
    local path
    path=$(path_of "$session_id")
    session_expires=$(($(date +%s) + seconds))
    (umask 077 && printf 'user=%s\nvisits=%s\nexpires=%s\n' "$session_user" "$session_visits" "$session_expires" >"$path.$$.tmp")
    mv "$path.$$.tmp" "$path"
}

session_remove() {
    rm -f "$(path_of "$session_id")"
}

# Never more than there may be: those that were not used for longest go first.
sessions_make_room() {
    local files
    mapfile -t files < <(ls -t "$SESSIONS" | grep '\.session$' | tail -n "+$most")
    ((${#files[@]} == 0)) || (cd "$SESSIONS" && rm -f "${files[@]}")
}

session_cookie() {
    printf 'sid=%s; Max-Age=%s; %s' "$session_id" "$seconds" "$(cookie_attributes)"
}

no_session_cookie() {
    printf 'sid=; Max-Age=0; %s' "$(cookie_attributes)"
}

cookie_attributes() {
    printf 'Path=/; HttpOnly; SameSite=Lax%s' "${HTTPS:+; Secure}"
}

# 24 random bytes in hexadecimal.
new_id() {
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

path_of() {
    local sum
    sum=$(printf %s "$1" | sha256sum)
    printf '%s/%s.session' "$SESSIONS" "${sum%% *}"
}
