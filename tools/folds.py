#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes lib/sqlite/folds.inc: characters that search takes for another one, from Python's Unicode tables.

    tools/folds.py > lib/sqlite/folds.inc

A character goes in when its compatibility decomposition (NFKD), without combining accents, is one other letter, digit or mark.
Left out: what SQLite's unicode61 folds itself (Latin letters with accents), Hangul syllables, and two blocks of rare duplicates.
A row is a run: first character, how many, what the first one becomes; both sides count up together.
"""

import unicodedata


def base_of(code):
    kept = [c for c in unicodedata.normalize("NFKD", chr(code)) if not 0x300 <= ord(c) <= 0x36F]
    return ord(kept[0]) if len(kept) == 1 else None


def wanted(code, base):
    if base is None or base == code or unicodedata.category(chr(base))[0] not in "LNM":
        return False
    latin = (code < 0x250 or 0x1E00 <= code < 0x1F00) and unicodedata.category(chr(code))[0] == "L" and base < 0x250
    return not latin and not 0x1EE00 <= code < 0x1EF00


def runs():
    out = []
    for code in (*range(0x80, 0xAC00), *range(0xE000, 0x2F800)):
        base = base_of(code)
        if not wanted(code, base):
            continue
        if out and out[-1][0] + out[-1][1] == code and out[-1][2] + out[-1][1] == base:
            out[-1][1] += 1
        else:
            out.append([code, 1, base])
    return out


def main():
    print(f"// Written by tools/folds.py from Unicode {unicodedata.unidata_version}: first, count, what the first becomes.")
    line = ""
    for first, count, base in runs():
        row = f"{{0x{first:x},{count},0x{base:x}}},"
        if len(line) + len(row) > 150:
            print(line)
            line = ""
        line += row
    print(line)


if __name__ == "__main__":
    main()
