#!/bin/sh
# The status that the query names.
printf 'Status: %s\r\nContent-Type: text/plain\r\n\r\nas you like it\n' "$(printf %s "$QUERY_STRING" | tr -cd 0-9 | cut -c1-3)"
