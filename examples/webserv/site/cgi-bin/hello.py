"""Says hello to the name of the query, or of a form that was posted."""

import html
import os
import sys
from urllib.parse import parse_qs

text = os.environ.get("QUERY_STRING", "")
if os.environ["REQUEST_METHOD"] == "POST":
    text = sys.stdin.buffer.read().decode(errors="replace")
name = parse_qs(text).get("name", ["nobody"])[0]
print("Content-Type: text/html; charset=utf-8\r\n\r")
print(f"<!doctype html>\n<title>hello</title>\n<p>{os.environ['REQUEST_METHOD']}: hello, {html.escape(name)}!")
