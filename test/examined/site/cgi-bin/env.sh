#!/bin/sh
# What it is told.
printf 'Content-Type: text/plain\r\n\r\n'
env
