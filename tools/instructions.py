#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guard against regressions that needs no quiet machine: instructions of fixed workloads, counted by callgrind.

   instructions.py BUILD            counts, and compares with the band of bench/instructions.json
   instructions.py BUILD --write    counts, and keeps that as the middle of the band

A count above its band is a regression, and fails; one below is a gain, which should be kept (--write). Counts of another compiler,
level of optimisation or processor say nothing: they are told, and the exit is 77 ("not run"), as it is without valgrind
and where a sanitizer is built in. The workloads are seeded; what is left to chance (nonces) moves a count by less
than a thousandth of a percent.
"""
import json
import os
import re
import shutil
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
    options = {o["name"]: o["value"] for o in json.loads((build / "meson-info" / "intro-buildoptions.json").read_text())}
    if options.get("b_sanitize", "none") != "none":
        skip("a sanitizer is built in")
    compiler = "clang++" if "clang++" in json.loads((build / "compile_commands.json").read_text())[0]["command"] else "g++"
    ask = ["clang++-19", "-dumpversion"] if compiler == "clang++" else ["g++", "-dumpfullversion"]
    version = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    # valgrind knows nothing wider than AVX2, so libraries that choose at run time choose the same on all of these.
    flags = Path("/proc/cpuinfo").read_text().split()
    wide = next((f for f in ("avx2", "ssse3") if f in flags), "plain")
    return f"{compiler} {version} -O{options['optimization']} {wide}"


def skip(why: str) -> None:
    print(f"instructions: not counted: {why}")
    sys.exit(77)


def count(build: Path, words: list[str]) -> int:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", str(build / words[0]), *words[1:]]
    # meson has malloc fill what it gives and takes: another count with every byte it chooses.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        sys.exit(f"{' '.join(words)} failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
    return int(found.group(1))


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[2:] not in ([], ["--write"]):
        sys.exit(__doc__)
    build = Path(sys.argv[1]).resolve()
    if shutil.which("valgrind") is None:
        skip("no valgrind (package valgrind)")
    with_what = toolchain(build)
    kept = json.loads(BAND.read_text()) if BAND.exists() else {"toolchain": None, "instructions": {}}
    counted, outside = {}, 0
    for name, words in WORKLOADS.items():
        counted[name] = count(build, words)
        before = kept["instructions"].get(name)
        verdict = "new"
        if before is not None:
            change = 100 * (counted[name] / before - 1)
            bad = change > PERCENT and kept["toolchain"] == with_what
            outside += bad
            verdict = f"{change:+.2f} %" + (f": more than {PERCENT} %" if bad else ": keep it (--write)" if change < -PERCENT else "")
        print(f"{name:45} {counted[name]:>15,}  {verdict}", flush=True)
    if sys.argv[2:] == ["--write"]:
        BAND.write_text(json.dumps({"toolchain": with_what, "instructions": counted}, indent=2) + "\n")
        return 0
    if kept["toolchain"] != with_what:
        skip(f"counted with {with_what}, kept with {kept['toolchain']}: no verdict")
    print(f"instructions: {len(counted) - outside} passed, {outside} failed")
    return 1 if outside else 0


if __name__ == "__main__":
    sys.exit(main())
