"""Sessions in files: one file each, under a name that does not betray the id.

    with sessions.locked():
        session = sessions.find(os.environ.get("HTTP_COOKIE", "")) or sessions.create()
        session["visits"] = str(int(session["visits"]) + 1)
        sessions.save(session)

A file holds lines "name=value", as lib/sessions.sh reads and writes them too. It is never changed, but replaced by a whole one, and everybody who
reads and then writes holds one lock (flock(2)) for both. The lock is one for all sessions: it is held for a moment, and nothing else would
bound their number.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import time

STATE = os.environ["SESSIONS"]
MOST = int(os.environ.get("SESSIONS_MOST", "1000"))
SECONDS = int(os.environ.get("SESSION_SECONDS", "1800"))

# 24 random bytes: 192 bits, which nobody guesses.
ID = re.compile(r"[0-9a-f]{48}\Z")


@contextlib.contextmanager
def locked():
    os.makedirs(STATE, mode=0o700, exist_ok=True)
    with open(os.path.join(STATE, "lock"), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find(cookies):
    """The session of the first cookie that names one. Unknown ids are never taken over: whoever sent them has not got them from us."""
    for pair in cookies.split(";"):
        name, _, value = pair.strip().partition("=")
        value = value.strip().strip('"')
        if name.strip() != "sid" or not ID.match(value):
            continue
        session = load(value)
        if session is not None and int(session["expires"]) > time.time():
            return session
    return None


def create():
    make_room()
    return {"id": secrets.token_hex(24), "user": "", "visits": "0"}


def renew(session):
    """The same session under another id: one that was known before a login is worth nothing behind it."""
    remove(session)
    session["id"] = secrets.token_hex(24)


def load(session_id):
    try:
        with open(path_of(session_id), encoding="utf-8") as file:
            lines = dict(line.rstrip("\n").split("=", 1) for line in file)
    except (FileNotFoundError, ValueError):
        return None
    return {"id": session_id, "user": "", "visits": "0", "expires": "0", **lines}


def save(session):
    session["expires"] = str(int(time.time()) + SECONDS)
    path = path_of(session["id"])
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "w", encoding="utf-8", opener=private) as file:
        for name in ("user", "visits", "expires"):
            file.write(f"{name}={session[name]}\n")
    os.replace(temporary, path)


def remove(session):
    with contextlib.suppress(FileNotFoundError):
        os.remove(path_of(session["id"]))


def make_room():
    """Never more than MOST: the one that was not used for longest goes first, long before that the disk is full."""
    entries = [entry for entry in os.scandir(STATE) if entry.name.endswith(".session")]
    if len(entries) < MOST:
        return
    entries.sort(key=lambda entry: entry.stat().st_mtime_ns)
    for entry in entries[: len(entries) - MOST + 1]:
        os.remove(entry.path)


def cookie(session):
    return f"sid={session['id']}; Max-Age={SECONDS}; {attributes()}"


def no_cookie():
    return f"sid=; Max-Age=0; {attributes()}"


def attributes():
    """No script of a page sees it, no other site sends it along with a POST, and where there is TLS it goes nowhere else."""
    secure = "; Secure" if os.environ.get("HTTPS") == "on" else ""
    return f"Path=/; HttpOnly; SameSite=Lax{secure}"


def path_of(session_id):
    return os.path.join(STATE, hashlib.sha256(session_id.encode()).hexdigest() + ".session")


def private(path, flags):
    return os.open(path, flags, 0o600)
