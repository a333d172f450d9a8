#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds for arm64 on another machine, and runs what was built under qemu-user:
#
#   ./dev arm64                    the library, the terminal client, the relay and the tests of lib; runs these
#   ./dev arm64 TEST…              those tests only, as `meson test` names them: wire, json, crypto …
#   ./dev arm64 --build TARGET…    builds these targets of ninja, and runs nothing
#
# Debian's own packages of arm64 are laid out in build-arm64-root (mmdebstrap, nothing of them is run or installed), and
# tools/presets/arm64.ini names the compiler. Native steps (Python) are the machine's own.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

root=$PWD/build-arm64-root build=build-arm64 triple=aarch64-linux-gnu
# Of the groups of tools/packages.txt: what is linked, and no tools.
packages=$(awk '$1 == "build" && $2 ~ /-dev$/ { printf "%s,", $2 }' tools/packages.txt)libc6-dev,libstdc++-12-dev

say() { printf 'arm64: %s\n' "$*"; }

if [ ! -e "$root/.complete" ]; then
    say "laying out Debian's packages of arm64 in $root"
    rm -rf "$root"
    mmdebstrap --quiet --variant=extract --architectures=arm64 --include="$packages" bookworm "$root" >"$root.log" 2>&1 ||
        { cat "$root.log" >&2; exit 1; }
    rm -f "$root.log"
    # What points to the root of a machine points into nothing here.
    find "$root/usr/lib/$triple" -maxdepth 1 -type l -lname '/*' | while read -r link; do
        ln -sfnr "$root$(readlink "$link")" "$link"
    done
    touch "$root/.complete"
fi

if [ ! -f "$build/build.ninja" ]; then
    printf '[constants]\nroot = %s\n' "'$root'" >"$root/root.ini"
    say "configuring $build"
    meson setup "$build" --cross-file "$root/root.ini" --cross-file tools/presets/arm64.ini >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
    rm -f "$build.log"
fi

if [ "${1:-}" = --build ]; then
    shift
    exec ninja -C "$build" "$@"
fi
# Those of the core, which no network and no clock of the machine disturbs; the others are slow under an emulator.
[ $# -gt 0 ] || set -- base wire crypto crypto_hpke identity mls sframe seal delivery route transfer files sqlite store conversation archive engine json
# What the kernel says of locked pages an emulator does not hand through.
exec meson test -C "$build" --print-errorlogs --timeout-multiplier 20 --test-args='--test-case-exclude=locked?secrets*' "$@"
