# SPDX-License-Identifier: Apache-2.0
"""The lab about itself: a bad wire is as bad as it says, and no worse."""

import json
import os
import subprocess
import sys

from lab import check, note, scenario
from topology import RELAY, LabError

ECHO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "echo.py")


def measure(lab, site, count=400, interval_ms=5):
    if not hasattr(lab, "echo"):
        lab.echo = lab.relay.spawn(sys.executable, ECHO, "serve", RELAY, 7007, stdout=subprocess.PIPE, text=True)
        if lab.echo.stdout.readline().strip() != "ready":
            raise LabError("the echo server did not start")
    return json.loads(site.client.run(sys.executable, ECHO, "ask", RELAY, "7007", str(count), str(interval_ms)))


@scenario("the forwarder delays, loses, duplicates and reorders as told")
def wire_measured(lab):
    plain, slow, bad = (lab.site("open", name) for name in ("plain", "slow", "bad"))
    lab.wire(slow, "--delay-ms", 50)
    lab.wire(bad, "--delay-ms", 20, "--loss", 10, "--burst", 3, "--duplicate", 10, "--reorder", 10, "--seed", 7)
    got = measure(lab, plain)
    note(f"no wire:  {got}")
    check(got["answered"] == 400 and got["twice"] == 0 and got["overtaken"] == 0, "nothing happens without a wire")
    check(got["p50"] < 20, "and nothing is slow")
    got = measure(lab, slow)
    note(f"50 ms:    {got}")
    check(got["answered"] == 400 and got["overtaken"] == 0, "delay alone loses and reorders nothing")
    check(100 <= got["min"] and got["p50"] < 130, "two delays make a round trip")
    got = measure(lab, bad)
    note(f"10 % bad: {got}")
    check(240 <= got["answered"] <= 380, "10 % each way lose about a fifth of the round trips")
    check(got["twice"] > 20, "some come twice")
    check(got["overtaken"] > 20, "some overtake")
