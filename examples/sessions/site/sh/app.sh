#!/bin/bash
# A page that knows its visitor, as a CGI program in bash. Its twin is ../py/app.py.

export LC_ALL=C.UTF-8
. "$SESSIONS_LIBRARY/sessions.sh"

main() {
    case $REQUEST_METHOD in
    GET | HEAD) get ;;
    POST) post ;;
    *) answer '405 Method Not Allowed' text/plain 'Allow: GET, HEAD, POST' <<<405 ;;
    esac
}

get() {
    sessions_lock
    session_find "$HTTP_COOKIE" || session_create
    session_visits=$((session_visits + 1))
    session_save
    sessions_unlock
    page | answer '200 OK' 'text/html; charset=utf-8' "Set-Cookie: $(session_cookie)"
}

post() {
    local content action
    IFS= read -r -d '' -n "${CONTENT_LENGTH:-0}" content
    action=$(field action "$content")
    case $action in
    login) log_in "$(field user "$content")" "$(field password "$content")" ;;
    logout)
        sessions_lock
        session_find "$HTTP_COOKIE" && session_remove
        sessions_unlock
        see_page "$(no_session_cookie)"
        ;;
    *) answer '400 Bad Request' text/plain <<<'The form has an action: login or logout.' ;;
    esac
}

log_in() {
    local user=${1//[^[:print:]]/}
    user=${user:0:40}
    # Sums are compared, so that the time does not tell how much of it was right.
    if [[ -z ${user// /} || $(sum_of "$2") != "$(sum_of "$LOGIN_PASSWORD")" ]]; then
        answer '403 Forbidden' text/plain <<<'That is not the password.'
        return
    fi
    sessions_lock
    session_find "$HTTP_COOKIE" || session_create
    session_renew
    session_user=$user
    session_save
    sessions_unlock
    see_page "$(session_cookie)"
}

sum_of() {
    printf %s "$1" | sha256sum
}

# A field of a form (application/x-www-form-urlencoded).
field() {
    local pair
    while IFS= read -r -d '&' pair; do
        [[ ${pair%%=*} == "$1" ]] || continue
        pair=${pair#*=} pair=${pair//+/ } pair=${pair//\\/\\\\}
        printf '%b' "${pair//%/\\x}"
        return
    done <<<"$2&"
}

see_page() {
    answer '303 See Other' text/plain "Set-Cookie: $1" 'Location: app.sh' </dev/null
}

# Status, type and more fields as arguments; the content on stdin.
answer() {
    local content
    content=$(cat)
    printf '%s\r\n' "Status: $1" "Content-Type: $2" 'Cache-Control: no-store' "${@:3}" ''
    [[ -z $content ]] || printf '%s\n' "$content"
}

escaped() {
    printf %s "$1" | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g'
}

page() {
    local greeting='Nobody is logged in.' form
    if [[ -n $session_user ]]; then
        greeting="Hello, <strong id=\"user\">$(escaped "$session_user")</strong>."
        form='<form method="post"><button name="action" value="logout">Log out</button></form>'
    else
        form='<form method="post">
<label>Name <input name="user" autocomplete="username" required maxlength="40"></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button name="action" value="login">Log in</button>
</form>'
    fi
    cat <<PAGE
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A session, in shell</title>
<link rel="stylesheet" href="/style.css">
<h1>A session, in shell</h1>
<p>$greeting
<p>Visits in this session: <strong id="visits">$session_visits</strong>
$form
<p><a href="app.sh">Come again</a> · <a href="/py/app.py">the same in Python</a> · <a href="/">what this is</a>
PAGE
}

main
