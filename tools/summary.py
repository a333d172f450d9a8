# SPDX-License-Identifier: Apache-2.0
"""Sums up a meson test run in one line: `N passed, N failed`.

    summary.py BUILD-FOLDER [PASSED FAILED]

Counts test cases where a program says how many it had (doctest, or a last line `N passed, N failed`), else the program as one. A
program that failed without a failed case (a crash, a time limit, a leak) counts as one failure. PASSED and FAILED are added: checks that ran
outside meson. Ends with 1 when anything failed or nothing ran.

Published vectors are data outside the repository, and where they are not there the tests say so and pass, or are skipped. With GODWIT_VECTORS set
somebody expects them: then each file that was not run, and each program that was skipped for the lack of them, is a failure. What ran is
shown in either case, a line a file.
"""

import json
import os
import pathlib
import re
import sys

DOCTEST = re.compile(r"\[doctest\] test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed")
PLAIN = re.compile(r"(\d+) passed, (\d+) failed")
NOT_RUN = re.compile(r"^(\S+: not run .*)$", re.MULTILINE)
VECTORS_RAN = re.compile(r"^vectors: (\S+) ran (.+)$", re.MULTILINE)
NO_VECTORS = re.compile(r"^(?:no published vector was run|vectors: not run)\b.*$", re.MULTILINE)


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
    expected = bool(os.environ.get("GODWIT_VECTORS"))
    skipped = 0
    not_run, no_vectors, vectors = set(), [], {}
    for line in log.read_text().splitlines():
        test = json.loads(line)
        output = test.get("stdout") or ""
        no_vectors += [f"{test['name']}: {words}" for words in NO_VECTORS.findall(output)]
        vectors.update(VECTORS_RAN.findall(output))
        not_run.update(NOT_RUN.findall(output))
        if test["result"] == "SKIP":
            skipped += 1
            said = output.strip().splitlines()
            print(f"  {test['name']:<32} skipped{': ' + said[-1] if said else ''}")
            continue
        good, bad = cases(test)
        passed, failed = passed + good, failed + bad
        print(f"  {test['name']:<32} {good:>5} passed {bad:>3} failed {test['duration']:>8.2f} s{'' if bad == 0 else '   ' + test['result']}")
    for name, what in sorted(vectors.items()):
        print(f"  vectors: {name} ran {what}")
    for words in sorted(not_run):
        print(f"  {words}")
    if not_run:
        print(f"{len(not_run)} inputs not run (see above): what they would have shown is not among the passed")
    if skipped:
        print(f"{skipped} programs skipped (see above)")
    if no_vectors and expected:
        for words in sorted(set(no_vectors)):
            print(f"  FAILED, for GODWIT_VECTORS is set: {words}")
        failed += len(set(no_vectors))
    elif no_vectors:
        print("published vectors were not run: GODWIT_VECTORS names their folder")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
