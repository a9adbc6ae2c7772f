#!/bin/sh
# Answers the content of a request in upper case, and tells in two fields of its own what the server has told it (RFC 3875 §4.1).
printf 'Status: 200 OK\r\nContent-Type: application/octet-stream\r\n'
printf 'X-Path-Info: %s\r\nX-Secret: %s\r\n\r\n' "$PATH_INFO" "${HTTP_X_SECRET_HEADER_FOR_TEST:-none}"
LC_ALL=C exec tr a-z A-Z
