#!/bin/sh
# Ends before it has said anything: 502.
exit 1
