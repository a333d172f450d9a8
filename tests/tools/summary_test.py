# SPDX-License-Identifier: Apache-2.0
"""The line that CI believes: tools/summary.py must count, and must not call a crash a success."""

import json
import pathlib
import subprocess
import sys
import tempfile

SUMMARY = pathlib.Path(__file__).resolve().parents[2] / "tools/summary.py"


def summed(tests, *outside):
    """(exit code, last line) of the summary of these (result, stdout) pairs."""
    with tempfile.TemporaryDirectory(prefix="summary-") as folder:
        logs = pathlib.Path(folder) / "meson-logs"
        logs.mkdir()
        lines = [json.dumps({"name": f"t{i}", "result": r, "stdout": out, "duration": 0.1}) for i, (r, out) in enumerate(tests)]
        (logs / "testlog.json").write_text("\n".join(lines))
        done = subprocess.run([sys.executable, "-B", str(SUMMARY), folder, *outside], capture_output=True, text=True)
        return done.returncode, done.stdout.splitlines()[-1]


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


def main():
    failed = 0
    for name, tests, outside, want in TABLE:
        have = summed(tests, *outside)
        failed += have != want
        print(f"{'ok  ' if have == want else 'FAIL'} {name}{'' if have == want else f': {have}, not {want}'}")
    print(f"summary: {len(TABLE) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
