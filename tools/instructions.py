#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guard against regressions that needs no quiet machine: instructions of fixed workloads, counted by callgrind.

   instructions.py BUILD            counts, and compares with the band of bench/instructions.json; fails outside of it
   instructions.py BUILD --write    counts, and keeps that as the middle of the band

A count above its band is a regression; one below is a gain that should be kept (--write). The compiler and the libraries
are Debian 12's: counts of other ones say nothing, and are then reported without a verdict.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BAND = ROOT / "bench" / "instructions.json"
PERCENT = 3.0
WORKLOADS = {
    "mls: groups of 2 and 32, every operation": ["bench/mls", "--rounds", "3", "2", "32"],
    "store: 4,000 messages, pages, searches": ["bench/store", "--messages", "4000"],
}


def toolchain(build: Path) -> str:
    """What the counts depend on besides the code."""
    options = json.loads((build / "meson-info" / "intro-buildoptions.json").read_text())
    compilers = json.loads((build / "meson-info" / "intro-compilers.json").read_text()) \
        if (build / "meson-info" / "intro-compilers.json").exists() else {}
    level = next(o["value"] for o in options if o["name"] == "optimization")
    flags = Path("/proc/cpuinfo").read_text()
    wide = next((f for f in ("avx512f", "avx2", "ssse3") if f in flags), "plain")
    version = compilers.get("host", {}).get("cpp", {}).get("version")
    if version is None:
        version = subprocess.run(["g++", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    return f"g++ {version} -O{level} {wide}"


def count(build: Path, words: list[str]) -> int:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", str(build / words[0]), *words[1:]]
    done = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        sys.exit(f"{' '.join(words)} failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
    return int(found.group(1))


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[2:] not in ([], ["--write"]):
        sys.exit(__doc__)
    build = Path(sys.argv[1]).resolve()
    with_what = toolchain(build)
    kept = json.loads(BAND.read_text()) if BAND.exists() else {"toolchain": None, "instructions": {}}
    counted, outside = {}, 0
    for name, words in WORKLOADS.items():
        counted[name] = count(build, words)
        before = kept["instructions"].get(name)
        verdict = "new"
        if before is not None:
            change = 100 * (counted[name] / before - 1)
            bad = abs(change) > PERCENT and kept["toolchain"] == with_what
            outside += bad
            verdict = f"{change:+.2f} %" + (f", outside ±{PERCENT} %" if bad else "")
        print(f"{name:45} {counted[name]:>15,}  {verdict}", flush=True)
    if sys.argv[2:] == ["--write"]:
        BAND.write_text(json.dumps({"toolchain": with_what, "instructions": counted}, indent=2) + "\n")
        return 0
    if kept["toolchain"] != with_what:
        print(f"counted with {with_what}, kept with {kept['toolchain']}: no verdict")
        return 0
    return 1 if outside else 0


if __name__ == "__main__":
    sys.exit(main())
