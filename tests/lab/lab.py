#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The network lab: real programs behind real NATs, in network namespaces of this machine. See docs/lab.md.

    lab.py --list              what there is
    lab.py [NAME...]           run all, or those whose name begins so; ends with "N passed, N failed"
    lab.py --write             run all, and put the table of results into docs/lab.md
    lab.py calls --write       run that, and put what it measured there
    lab.py --clean             remove what a killed run left behind

Needs root. Exit code 0: all passed; 1: some failed; 2: wrong use; 77: this machine cannot run it.
"""

import argparse
import collections
import os
import signal
import sys
import time
import traceback

sys.dont_write_bytecode = True
sys.modules.setdefault("lab", sys.modules[__name__])  # Scenario modules import us by name, also when we are the program.

SCENARIOS = {}


class Failed(Exception):
    """A scenario saw what it must not see."""


class TimedOut(BaseException):
    """A scenario took longer than it may; a BaseException, so that no scenario swallows it."""


def scenario(what, seconds=90):
    def register(function):
        SCENARIOS[function.__name__] = (function, what, seconds)
        return function
    return register


def check(condition, what):
    if not condition:
        raise Failed(what)


NOTES = []
#: Of scenarios that measure: {name: (columns, rows)}; docs/lab.md has a place for each.
TABLES = {}


def table(name, columns, rows):
    """What a scenario has measured so far; --write puts it into docs/lab.md."""
    TABLES[name] = (columns, list(rows))


def note(text):
    NOTES.append(text)
    print("    " + text, flush=True)


def run_one(name, build):
    import topology

    function, _, seconds = SCENARIOS[name]

    def late(*_):
        raise TimedOut(f"longer than {seconds} s")

    started = time.monotonic()
    print(f"--- {name}", flush=True)
    NOTES.clear()
    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    outcome, why = "passed", ""
    try:
        with topology.Lab(build) as lab:
            try:
                function(lab)
            finally:
                signal.alarm(0)  # Removing must not be interrupted.
    except topology.Missing as problem:
        outcome, why = "not run", str(problem)
    except (Failed, TimedOut, topology.LabError) as problem:
        outcome, why = "FAILED", str(problem)
    except Exception:
        outcome, why = "FAILED", traceback.format_exc()
    finally:
        signal.alarm(0)
    print(f"{outcome:8} {name} ({time.monotonic() - started:.1f} s){': ' + why if why else ''}", flush=True)
    return Result(name, outcome, time.monotonic() - started, list(NOTES))


Result = collections.namedtuple("Result", "name outcome seconds notes")


def put(path, begin, end, lines):
    """Puts lines between two marks of a document."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        sys.exit(f"lab: {path} has no place for {begin.strip()}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + begin + "\n".join(lines) + "\n" + end + after)


def write_results(path, results):
    """Puts the results where docs/lab.md keeps them."""
    rows = [f"| `{one.name}` | {one.outcome} | {one.seconds:.0f} s | {'; '.join(one.notes).replace('|', '/') or '-'} |"
            for one in results]
    put(path, "<!-- results: ./dev lab --write -->\n", "<!-- end of results -->\n",
        [f"Of {time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores.\n", "| Scenario | Result | Took | Seen |", "|---|---|---|---|", *rows])


def write_tables(path, results):
    """What scenarios have measured, with what they noted."""
    for one in results:
        if one.name in TABLES:
            columns, rows = TABLES[one.name]
            put(path, f"<!-- {one.name}: ./dev lab {one.name} --write -->\n", f"<!-- end of {one.name} -->\n",
                [f"Of {time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores: {one.outcome} in {one.seconds:.0f} s; {'; '.join(one.notes)}.\n",
                 "| " + " | ".join(columns) + " |", "|---" * len(columns) + "|", *("| " + " | ".join(row) + " |" for row in rows)])


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, here)
    import topology

    for file in sorted(os.listdir(here)):
        if file.startswith("scenarios_") and file.endswith(".py"):
            __import__(file[:-3])

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--clean", action="store_true")
    parser.add_argument("--write", action="store_true", help="put the results into docs/lab.md: with names, only the tables of those that measure")
    parser.add_argument("--build", default=os.path.join(here, "..", "..", "build"), help="build directory (default: build)")
    options = parser.parse_args()

    if options.list:
        for name, (_, what, _) in SCENARIOS.items():
            print(f"{name:24} {what}")
        return 0
    names = [name for name in SCENARIOS if not options.names or any(name.startswith(n) for n in options.names)]
    unknown = [n for n in options.names if not any(name.startswith(n) for name in SCENARIOS)]
    if unknown:
        print(f"lab: no scenario {unknown[0]}; --list shows them", file=sys.stderr)
        return 2
    if reason := topology.why_not_here():
        print(f"lab: not run: {reason}")
        return 77
    removed = topology.clean_leftovers()
    if options.clean:
        print(f"lab: removed {removed} namespaces")
        return 0
    def leave(*_):  # By way of an exception, so that the lab is taken down; a second signal must not disturb that.
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        sys.exit(1)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, leave)

    results = [run_one(name, os.path.abspath(options.build)) for name in names]
    outcomes = [one.outcome for one in results]
    if options.write:
        document = os.path.join(here, "..", "..", "docs", "lab.md")
        write_tables(document, results)
        if not options.names:
            write_results(document, results)
    failed, skipped = outcomes.count("FAILED"), outcomes.count("not run")
    print(f"{outcomes.count('passed')} passed, {failed} failed" + (f", {skipped} not run" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
