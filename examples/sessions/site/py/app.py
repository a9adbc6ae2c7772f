"""A page that knows its visitor, as a CGI program in Python. Its twin is ../sh/app.sh."""

import hmac
import html
import os
import sys
import urllib.parse

sys.path.insert(0, os.environ["SESSIONS_LIBRARY"])
import sessions  # noqa: E402

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A session, in Python</title>
<link rel="stylesheet" href="/style.css">
<h1>A session, in Python</h1>
<p>{greeting}
<p>Visits in this session: <strong id="visits">{visits}</strong>
{form}
<p><a href="app.py">Come again</a> · <a href="/sh/app.sh">the same in shell</a> · <a href="/">what this is</a>
"""

LOGIN = """<form method="post">
<label>Name <input name="user" autocomplete="username" required maxlength="40"></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button name="action" value="login">Log in</button>
</form>"""

LOGOUT = """<form method="post"><button name="action" value="logout">Log out</button></form>"""


def main():
    method = os.environ["REQUEST_METHOD"]
    if method == "POST":
        post(form())
    elif method in ("GET", "HEAD"):
        get()
    else:
        answer("405 Method Not Allowed", ["Allow: GET, HEAD, POST"], "405\n", "text/plain")


def get():
    with sessions.locked():
        session = sessions.find(cookies()) or sessions.create()
        session["visits"] = str(int(session["visits"]) + 1)
        sessions.save(session)
    show("200 OK", session, [f"Set-Cookie: {sessions.cookie(session)}"])


def post(fields):
    if fields.get("action") == "logout":
        with sessions.locked():
            session = sessions.find(cookies())
            if session is not None:
                sessions.remove(session)
        see_page(sessions.no_cookie())
    elif fields.get("action") == "login":
        log_in(fields.get("user", ""), fields.get("password", ""))
    else:
        answer("400 Bad Request", [], "The form has an action: login or logout.\n", "text/plain")


def log_in(user, password):
    wanted = os.environ["LOGIN_PASSWORD"]
    # In a time that does not tell how much of it was right.
    is_right = hmac.compare_digest(password.encode(), wanted.encode())
    user = "".join(char for char in user if char.isprintable())[:40].strip()
    if not is_right or user == "":
        answer("403 Forbidden", [], "That is not the password.\n", "text/plain")
        return
    with sessions.locked():
        session = sessions.find(cookies()) or sessions.create()
        sessions.renew(session)
        session["user"] = user
        sessions.save(session)
    see_page(sessions.cookie(session))


def cookies():
    return os.environ.get("HTTP_COOKIE", "")


def form():
    length = int(os.environ.get("CONTENT_LENGTH") or 0)
    text = sys.stdin.buffer.read(length).decode("utf-8", "replace")
    return dict(urllib.parse.parse_qsl(text, max_num_fields=10))


def see_page(cookie):
    """What follows a form is a page of its own, which can be loaded again (RFC 9110 §15.4.4)."""
    answer("303 See Other", [f"Set-Cookie: {cookie}", "Location: app.py"], "", "text/plain")


def show(status, session, fields):
    user = session["user"]
    greeting = f"Hello, <strong id=\"user\">{html.escape(user)}</strong>." if user else "Nobody is logged in."
    text = PAGE.format(greeting=greeting, visits=session["visits"], form=LOGOUT if user else LOGIN)
    answer(status, fields, text, "text/html; charset=utf-8")


def answer(status, fields, text, media_type):
    content = text.encode()
    lines = [f"Status: {status}", f"Content-Type: {media_type}", f"Content-Length: {len(content)}"]
    # A page of one visitor is for nobody else.
    lines += ["Cache-Control: no-store", *fields, "", ""]
    sys.stdout.buffer.write("\r\n".join(lines).encode() + content)


main()
