#!/bin/sh
# Says nothing, and does not end by itself: 504 after cgi_timeout.
while :; do sleep 1; done
