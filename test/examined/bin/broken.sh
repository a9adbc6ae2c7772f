#!/bin/sh
# Ends before it has said anything.
exit 1
