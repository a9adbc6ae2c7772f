#!/usr/bin/python3
"""The content in capitals, as it comes: reads and writes at the same time."""

import sys

table = bytes(byte - 32 if 97 <= byte <= 122 else byte for byte in range(256))
sys.stdout.buffer.write(b"Content-Type: text/plain\r\n\r\n")
while piece := sys.stdin.buffer.read1(65536):
    sys.stdout.buffer.write(piece.translate(table))
    sys.stdout.buffer.flush()
