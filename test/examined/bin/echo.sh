#!/bin/sh
# Its content, as it is.
printf 'Content-Type: application/octet-stream\r\n\r\n'
exec cat
