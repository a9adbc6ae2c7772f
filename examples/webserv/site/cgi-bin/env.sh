#!/bin/sh
# What a program is told.
printf 'Content-Type: text/plain\r\n\r\n'
env | sort
