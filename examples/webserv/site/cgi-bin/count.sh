#!/bin/sh
# How much content came.
bytes=$(wc -c)
printf 'Content-Type: text/plain\r\n\r\n%s bytes\n' "$bytes"
