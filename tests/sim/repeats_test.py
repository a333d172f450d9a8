# SPDX-License-Identifier: Apache-2.0
"""The same seeds in two processes, with other addresses and another split of the work: the same fingerprints."""
import os
import re
import subprocess
import sys

SEEDS = 20


def fingerprints(program, jobs, padding):
    # A larger environment moves the stack; address space randomisation moves the rest.
    environment = dict(os.environ, GODWIT_SIM_PADDING="x" * padding)
    ran = subprocess.run([program, "--seeds", str(SEEDS), "--jobs", str(jobs), "--hashes"], stdout=subprocess.PIPE,
                         text=True, env=environment, check=False)
    return dict(re.findall(r"^sim: seed (\d+) hash ([0-9a-f]{16})$", ran.stdout, re.MULTILINE)), ran.stdout


def main():
    first, said = fingerprints(sys.argv[1], 1, 0)
    second, _ = fingerprints(sys.argv[1], 2, 5000)
    if len(first) != SEEDS:
        sys.exit("not %d fingerprints:\n%s" % (SEEDS, said))
    different = [seed for seed in first if first[seed] != second.get(seed)]
    if different:
        sys.exit("seeds that do not repeat: " + ", ".join(different))
    print("%d seeds repeat" % SEEDS)


main()
