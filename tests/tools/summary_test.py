# SPDX-License-Identifier: Apache-2.0
"""The line that CI believes: tools/summary.py must count, and must not call a crash a success."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

SUMMARY = pathlib.Path(__file__).resolve().parents[2] / "tools/summary.py"


def run(tests, *outside, vectors=None):
    """(exit code, lines) of the summary of these (result, stdout) pairs, with or without GODWIT_VECTORS."""
    environment = {name: value for name, value in os.environ.items() if name != "GODWIT_VECTORS"}
    if vectors is not None:
        environment["GODWIT_VECTORS"] = vectors
    with tempfile.TemporaryDirectory(prefix="summary-") as folder:
        logs = pathlib.Path(folder) / "meson-logs"
        logs.mkdir()
        lines = [json.dumps({"name": f"t{i}", "result": r, "stdout": out, "duration": 0.1}) for i, (r, out) in enumerate(tests)]
        (logs / "testlog.json").write_text("\n".join(lines))
        done = subprocess.run([sys.executable, "-B", str(SUMMARY), folder, *outside], capture_output=True, text=True, env=environment)
        return done.returncode, done.stdout.splitlines()


def summed(tests, *outside, **more):
    """(exit code, last line)."""
    status, lines = run(tests, *outside, **more)
    return status, lines[-1]


def doctest(passed, failed):
    return f"[doctest] test cases: {passed + failed} | {passed} passed | {failed} failed | 0 skipped\n[doctest] Status\n"


TABLE = [
    ("cases of doctest", [("OK", doctest(22, 0))], (), (0, "22 passed, 0 failed")),
    ("in colour", [("OK", "\x1b[0m[doctest] test cases: \x1b[0m 4 | \x1b[32m 4 passed\x1b[0m | 0 failed | 0 skipped\n")], (), (0, "4 passed, 0 failed")),
    ("failed cases", [("FAIL", doctest(20, 2))], (), (1, "20 passed, 2 failed")),
    ("a last line of a script", [("OK", "1 passed, 7 failed\nagain\nscript: 6 passed, 0 failed\n")], (), (0, "6 passed, 0 failed")),
    ("a program that counts nothing", [("OK", "hello"), ("OK", None)], (), (0, "2 passed, 0 failed")),
    ("a crash before it counted", [("FAIL", "boom")], (), (1, "0 passed, 1 failed")),
    ("a crash after all cases passed, as a leak is", [("FAIL", doctest(5, 0))], (), (1, "5 passed, 1 failed")),
    ("a time limit", [("OK", doctest(5, 0)), ("TIMEOUT", "")], (), (1, "5 passed, 1 failed")),
    ("what ran outside meson", [("OK", doctest(5, 0))], ("1", "0"), (0, "6 passed, 0 failed")),
    ("what failed outside meson", [("OK", doctest(5, 0))], ("0", "1"), (1, "5 passed, 1 failed")),
    ("skipped is not passed", [("SKIP", "")], (), (1, "0 passed, 0 failed")),
    ("nothing ran", [], (), (1, "0 passed, 0 failed")),
]


NO_VECTORS = "no published vector was run: GODWIT_VECTORS names their folder\n"
ABSENT = "vectors: not run (folder not found): hpke/a.json\n"

# With GODWIT_VECTORS set, a vector that did not run is one that failed; without, it is said and no more.
VECTORS = [
    ("skipped", [("OK", doctest(3, 0)), ("SKIP", NO_VECTORS)], (0, "3 passed, 0 failed"), (1, "3 passed, 1 failed")),
    ("one file of a program", [("OK", ABSENT + doctest(3, 0))], (0, "3 passed, 0 failed"), (1, "3 passed, 1 failed")),
    ("two files", [("OK", ABSENT + ABSENT.replace("a.json", "b.json") + doctest(3, 0))], (0, "3 passed, 0 failed"), (1, "3 passed, 2 failed")),
    ("skipped for something else", [("OK", doctest(3, 0)), ("SKIP", "no browser here\n")], (0, "3 passed, 0 failed"), (0, "3 passed, 0 failed")),
    ("all ran", [("OK", "vectors: treekem ran 11 of suite 1\n" + doctest(3, 0))], (0, "3 passed, 0 failed"), (0, "3 passed, 0 failed")),
]


def check_vectors():
    """How many went wrong."""
    failed = 0
    for name, tests, without, with_them in VECTORS:
        have = summed(tests), summed(tests, vectors="/somewhere")
        failed += have != (without, with_them)
        print(f"{'ok  ' if have == (without, with_them) else 'FAIL'} vectors: {name}{'' if have == (without, with_them) else f': {have}'}")
    shown = [
        (run([("SKIP", NO_VECTORS)])[1], "skipped: no published vector was run"),
        (run([("OK", doctest(1, 0) + ABSENT)])[1], "vectors: not run (folder not found): hpke/a.json"),
        (run([("OK", "vectors: treekem ran 11 of suite 1\n" + doctest(1, 0))])[1], "vectors: treekem ran 11 of suite 1"),
        (run([("OK", ABSENT + doctest(1, 0))], vectors="/somewhere")[1], "FAILED, for GODWIT_VECTORS is set: t0: vectors: not run"),
    ]
    for lines, words in shown:
        seen = any(words in line for line in lines)
        failed += not seen
        print(f"{'ok  ' if seen else 'FAIL'} says: {words}")
    return failed, len(VECTORS) + len(shown)


def main():
    failed, more = check_vectors()
    for name, tests, outside, want in TABLE:
        have = summed(tests, *outside)
        failed += have != want
        print(f"{'ok  ' if have == want else 'FAIL'} {name}{'' if have == want else f': {have}, not {want}'}")
    print(f"summary: {len(TABLE) + more - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
