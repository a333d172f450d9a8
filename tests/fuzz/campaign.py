# SPDX-License-Identifier: Apache-2.0
"""Runs libFuzzer over the targets of tests/fuzz, --jobs at a time, and says what each did. `./dev fuzz` calls it.

    campaign.py --build DIR --plain FUZZ [--seconds N] [--jobs N] [--merge] [TARGET [FILE…]]

--build is a folder configured with -Dfuzz=true, --plain the program `fuzz` (driver.cpp), which knows the seeds. What a run finds out
stays in DIR/corpus/TARGET for the next one; --merge then puts the inputs that matter into tests/fuzz/corpus/TARGET.hex, within
kept_bytes_max. A finding is left in DIR/found/TARGET and ends the command with 1. TARGET FILE… repeats single inputs.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
kept_bytes_max = 3 * 1024  # Of one target, as bytes: the file is twice as long.
kept_input_bytes_max = 1024


def listed(command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout.splitlines()


def programs(build):
    """Target -> its program."""
    out = {}
    for program in sorted((build / "tests/fuzz").glob("fuzz_*")):
        if program.is_file() and os.access(program, os.X_OK):
            env = {k: v for k, v in os.environ.items() if k != "GODWIT_FUZZ_TARGET"}
            out.update((name, program) for name in listed([program], env=env))
    return out


def environment(target):
    out = dict(os.environ, GODWIT_FUZZ_TARGET=target)
    out.setdefault("ASAN_OPTIONS", "detect_stack_use_after_return=1:strict_string_checks=1:allocator_may_return_null=1")
    out.setdefault("UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1")
    symbolizer = shutil.which("llvm-symbolizer-19")
    if symbolizer:
        out.setdefault("ASAN_SYMBOLIZER_PATH", symbolizer)
    return out


def run(program, target, about, corpus, found, seconds, log):
    """(findings, executions, executions a second, edges, inputs kept)"""
    found.mkdir(parents=True, exist_ok=True)
    before = set(found.iterdir())
    command = [program, corpus, f"-artifact_prefix={found}/", f"-max_total_time={seconds}", f"-max_len={about['bytes_max']}",
               "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1", "-use_value_profile=1", "-verbosity=1"]
    if about["dictionary"] != "-":
        command.append(f"-dict={HERE / 'dictionaries' / (about['dictionary'] + '.dict')}")
    with open(log, "w") as out:
        done = subprocess.run(command, stdout=out, stderr=out, env=environment(target))
    text = pathlib.Path(log).read_text(errors="replace")
    number = lambda pattern: int((re.findall(pattern, text) or ["0"])[-1])
    findings = sorted(set(found.iterdir()) - before)
    if done.returncode != 0 and not findings:
        findings = [log]
    return (findings, number(r"stat::number_of_executed_units:\s*(\d+)"), number(r"stat::average_exec_per_sec:\s*(\d+)"),
            number(r"cov: (\d+)"), len(list(corpus.iterdir())))


def merge(program, target, about, plain, corpus, scratch):
    """The fewest inputs with the same edges; of those, small ones first, until kept_bytes_max. Remarks and their lines stay."""
    kept_file = HERE / "corpus" / (target + ".hex")
    lines = kept_file.read_text().splitlines() if kept_file.exists() else []
    # What stands under a remark was put there by hand: a found bug's input.
    by_hand, said = [], False
    for line in lines:
        if line.startswith("#"):
            by_hand.append(line)
            said = True
        elif said:
            by_hand.append(line)
            said = False
    shutil.rmtree(scratch, ignore_errors=True)
    known, fresh = scratch / "known", scratch / "fresh"
    fresh.mkdir(parents=True)
    subprocess.run([plain, "--corpus", scratch / "none", "--export", known, target], check=True)
    (known / target).mkdir(parents=True, exist_ok=True)
    # The first folder counts as there: what the seeds reach needs no line.
    merged = scratch / "merged"
    shutil.copytree(known / target, merged)
    seeds = {p.name for p in merged.iterdir()}
    subprocess.run([program, "-merge=1", f"-max_len={min(about['bytes_max'], kept_input_bytes_max)}", merged, corpus], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(target))
    news = sorted((p.read_bytes() for p in merged.iterdir() if p.name not in seeds), key=lambda b: (len(b), b))
    out, size = list(by_hand), 0
    for one in news:
        if size + len(one) > kept_bytes_max:
            break
        if one.hex() not in by_hand:
            out.append(one.hex())
            size += len(one)
    kept_file.write_text("".join(line + "\n" for line in out))
    shutil.rmtree(scratch)
    return len(out)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--build", type=pathlib.Path, required=True)
    arguments.add_argument("--plain", type=pathlib.Path, required=True)
    arguments.add_argument("--seconds", type=int, default=20)
    arguments.add_argument("--jobs", type=int, default=1)
    arguments.add_argument("--merge", action="store_true")
    arguments.add_argument("words", nargs="*")
    options = arguments.parse_args()
    about = {}
    for line in listed([options.plain, "--list"]):
        name, dictionary, bytes_max = line.split()
        about[name] = {"dictionary": dictionary, "bytes_max": int(bytes_max)}
    where = programs(options.build)
    files = [w for w in options.words if w not in about and pathlib.Path(w).is_file()]
    chosen = [w for w in options.words if w not in files] or sorted(about)
    for name in chosen:
        if name not in where:
            sys.exit(f"fuzz: no target {name}; there are: {' '.join(sorted(where))}")
    if files:
        if len(chosen) != 1:
            sys.exit("fuzz: say which target the file is for: ./dev fuzz TARGET FILE")
        sys.exit(subprocess.run([where[chosen[0]], *files], env=environment(chosen[0])).returncode)

    bad, total = 0, 0
    print(f"{'target':<20} {'executions':>12} {'a second':>9} {'edges':>6} {'corpus':>6}")

    def one(name):
        corpus, found = options.build / "corpus" / name, options.build / "found" / name
        corpus.mkdir(parents=True, exist_ok=True)
        subprocess.run([options.plain, "--corpus", HERE / "corpus", "--export", options.build / "corpus", name], check=True)
        log = options.build / "corpus" / (name + ".log")
        ran = run(where[name], name, about[name], corpus, found, options.seconds, log)
        kept = None
        if options.merge and not ran[0]:
            kept = merge(where[name], name, about[name], options.plain, corpus, options.build / "merge" / name)
        return name, log, ran, kept

    with concurrent.futures.ThreadPoolExecutor(max(options.jobs, 1)) as pool:
        for name, log, (findings, executions, rate, edges, inputs), kept in pool.map(one, chosen):
            total += executions
            print(f"{name:<20} {executions:>12,} {rate:>9,} {edges:>6} {inputs:>6}" + ("   FOUND" if findings else "")
                  + (f"   kept: {kept} lines" if kept is not None else ""), flush=True)
            for finding in findings:
                bad += 1
                print(f"  see {log}; repeat: ./dev fuzz {name} {finding}")
    print(f"fuzz: {total:,} executions, {bad} findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
