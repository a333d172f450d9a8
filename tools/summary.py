# SPDX-License-Identifier: Apache-2.0
"""Sums up a meson test run in one line: `N passed, N failed`.

    summary.py BUILD-FOLDER [PASSED FAILED]

Counts test cases where a program says how many it had (doctest, or a last line `N passed, N failed`), else the program as one. A
program that failed without a failed case (a crash, a time limit, a leak) counts as one failure. PASSED and FAILED are added: checks that ran
outside meson. Ends with 1 when anything failed or nothing ran.
"""

import json
import pathlib
import re
import sys

DOCTEST = re.compile(r"\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed")
PLAIN = re.compile(r"(\d+) passed, (\d+) failed")


def cases(test):
    """(passed, failed) of one program."""
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    output = re.sub(r"\x1b\[[0-9;]*m", "", test.get("stdout") or "")
    said = DOCTEST.findall(output) or PLAIN.findall(output)[-1:]
    passed, failed = (int(n) for n in said[-1]) if said else (int(good), 0)
    if not good and failed == 0:
        failed = 1
    return passed, failed


def main():
    log = pathlib.Path(sys.argv[1]) / "meson-logs/testlog.json"
    passed, failed = (int(n) for n in (sys.argv[2:4] or ("0", "0")))
    skipped = 0
    not_run = set()
    for line in log.read_text().splitlines():
        test = json.loads(line)
        if test["result"] == "SKIP":
            skipped += 1
            print(f"  {test['name']:<32} skipped")
            continue
        not_run.update(re.findall(r"^(\S+: not run .*)$", test.get("stdout") or "", re.MULTILINE))
        good, bad = cases(test)
        passed, failed = passed + good, failed + bad
        print(f"  {test['name']:<32} {good:>5} passed {bad:>3} failed {test['duration']:>8.2f} s{'' if bad == 0 else '   ' + test['result']}")
    for words in sorted(not_run):
        print(f"  {words}")
    if not_run:
        print(f"{len(not_run)} inputs not run (see above): what they would have shown is not among the passed")
    if skipped:
        print(f"{skipped} programs skipped (see above)")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
