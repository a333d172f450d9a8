# SPDX-License-Identifier: Apache-2.0
"""Calls between real programs over a bad wire: what was said against what was heard, by the files at both ends (call_meter). `./dev lab calls --write` puts the table
into docs/lab.md."""

import glob
import json
import os
import re
import subprocess
import threading
import time

from clients import Client, Relay, introduce
from lab import check, note, scenario, table
from scenarios_flight import wait_path
from topology import LabError, Missing, run, until

#: Spoken by people, 48 kHz: of Debian's alsa-utils.
SPEECH = "/usr/share/sounds/alsa/*_*.wav"
SETTLE_S, MEASURED_S = 6, 15
#: Besides the way itself, at the median.
MOUTH_TO_EAR_MS = 150

#: (name, options of the wire, kbit/s there are or None). Delay in one direction; loss in either.
RUNGS = [
    *((f"20 ms, {loss} % lost", ["--delay-ms", 20, "--loss", loss], None) for loss in (0, 2, 5, 10, 20)),
    ("100 ms", ["--delay-ms", 100], None),
    ("100 ms, 5 % lost", ["--delay-ms", 100, "--loss", 5], None),
    ("100 ms, jitter 30 ms", ["--delay-ms", 85, "--jitter-ms", 30], None),
    ("300 ms", ["--delay-ms", 300], None),
    ("300 ms, 10 % lost", ["--delay-ms", 300, "--loss", 10], None),
    ("50 ms, 1 Mbit/s", ["--delay-ms", 50, "--rate-kbit", 1000], 1000),
    ("50 ms, 300 kbit/s", ["--delay-ms", 50, "--rate-kbit", 300], 300),
    ("50 ms, 300 kbit/s, 5 % lost", ["--delay-ms", 50, "--rate-kbit", 300, "--loss", 5], 300),
]
COLUMNS = ["Path, one way", "Mouth to ear ms, p50 / p95", "Not heard ms of s spoken", "Longest", "Made up %", "Seg. SNR dB", "MOS est.", "Freezes, s", "Longest ms",
           "Pictures shown %", "PSNR dB", "SSIM", "Size", "kbit/s used / there"]


def born(path):
    """When a file was made, in seconds: the media thread of its call began then."""
    text = run("stat", "-c", "%w", path)
    found = re.match(r"(\S+ \S+)\.(\d+) \+0000", text) if "+0000" in text else re.match(r"(\S+ \S+)\.(\d+)", text)
    if not found:
        raise Missing("this file system does not say when a file was made")
    return time.mktime(time.strptime(found[1], "%Y-%m-%d %H:%M:%S")) + int(found[2]) / 10 ** len(found[2])


class Studio:
    """What is said and shown."""

    def __init__(self, lab):
        self.meter = lab.program("tests/lab/call_meter")
        self.folder = lab.directory("studio")
        words = sorted(one for one in glob.glob(SPEECH) if "Noise" not in one)
        if not words:
            raise Missing("no speech here (package alsa-utils)")
        self.speech, self.film = os.path.join(self.folder, "speech.wav"), os.path.join(self.folder, "film.y4m")
        said = self.ask("speech", self.speech, 60, *words)
        wanted = os.environ.get("GODWIT_LAB_FILM", "pattern")
        shown = self.ask("stamp", wanted, self.film, 250)
        note(f"said: {len(words)} recordings of {os.path.dirname(SPEECH)}, {said['seconds']} s, again and again; shown: {os.path.basename(wanted)}, {shown['pictures']} pictures, "
             f"{shown['fps']} a second")

    def ask(self, *words):
        done = subprocess.run([self.meter, *map(str, words)], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise LabError(f"call_meter {words[0]}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def path(self, name):
        return os.path.join(self.folder, name)


class Sampler(threading.Thread):
    """How a call goes, each second, as one side says it."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client, self.seen, self.done = client, [], threading.Event()
        self.start()

    def run(self):
        while not self.done.wait(1):
            reply = self.client.ask("call_stats")
            if reply.get("ok"):
                self.seen.append(reply)

    def end(self):
        self.done.set()
        self.join()
        return self.seen


def talk(lab, studio, alice, bob, name, meanwhile=None):
    """One call of SETTLE_S + MEASURED_S: what bob heard and saw of alice. `meanwhile()` runs in the middle of what is measured."""
    slug = re.sub(r"\W+", "-", name)
    own, heard, seen = (studio.path(f"{slug}-{what}") for what in ("own.wav", "heard.wav", "seen.ivf"))
    before = [len(one.events) for one in (alice, bob)]
    call = alice.must("call", to=bob.user, video=True, audio_source=studio.speech, audio_sink=own, video_source=studio.film, video_sink="none")["call"]
    bob.wait_event("call_incoming", 20, call=call)
    bob.must("answer", call=call, audio_source="none", audio_sink=heard, video_source="none", video_sink=seen)
    for one in (alice, bob):
        one.wait_event("call_state", 20, call=call, state="active")
    time.sleep(SETTLE_S)
    began = [os.path.getsize(one) for one in (own, heard)]
    start, there = bob.must("call_stats"), Sampler(alice)
    first = time.time()
    if meanwhile:
        time.sleep(MEASURED_S / 3)
        meanwhile()
        time.sleep(MEASURED_S * 2 / 3)
    else:
        time.sleep(MEASURED_S)
    last, end, rates = time.time(), bob.must("call_stats"), there.end()
    # What a media thread was held up for, it has left out: then times of its file are too early.
    took = [(os.path.getsize(one) - size) / 96_000 for one, size in zip((own, heard), began)]
    held = [last - first - one for one in took]
    alice.must("hangup", call=call)
    for one in (alice, bob):
        one.wait_event("call_ended", 20, call=call)
    offset = (born(heard) - born(own)) * 1000
    since = (first - born(heard)) * 1000
    sound = studio.ask("hear", studio.speech, heard, round(offset, 1), round(since), round(since + (last - first) * 1000))
    pictures = studio.ask("see", studio.film, seen, SETTLE_S * 1000, (SETTLE_S + MEASURED_S) * 1000) if os.path.exists(seen) else None
    for one in (own, heard, seen):
        if os.path.exists(one):
            os.unlink(one)
    return {"sound": sound, "pictures": pictures, "used": sum(one["sent_bps"] for one in rates) / max(1, len(rates)) / 1000, "made_up": end["concealed"], "mos": end["mos"],
            "freezes": end["freezes"] - start["freezes"], "frozen_ms": end["frozen_ms"] - start["frozen_ms"], "held_ms": round(max(held) * 1000), "path": end["path"]}


def row(name, got, there):
    sound, pictures = got["sound"], got["pictures"]
    if not sound["heard"]:
        return [name, "nothing heard"] + ["-"] * (len(COLUMNS) - 2)
    out = [name, f"{sound['delay_ms']} / {sound['delay_p95_ms']}", f"{sound['lost_ms']} of {sound['spoken_ms'] / 1000:.1f}", str(sound["longest_gap_ms"]), f"{100 * got['made_up']:.1f}",
           f"{sound['segmental_snr_db']}", f"{got['mos']:.2f}"]
    if pictures and pictures["shown"]:
        out += [f"{got['freezes']}, {got['frozen_ms'] / 1000:.1f}", f"{pictures['longest_gap_ms']:.0f}", f"{100 * pictures['shown'] / pictures['wanted']:.0f}", str(pictures["psnr_db"]),
                f"{pictures['ssim']:.3f}", f"{pictures['width']}x{pictures['height']}"]
    else:
        out += ["no pictures", "-", "0", "-", "-", "-"]
    return out + [f"{got['used']:.0f} / {there or '-'}"]


@scenario("calls with speech and pictures over a wire that loses, delays and narrows, and another uplink in the middle of one", seconds=700)
def calls(lab):
    studio = Studio(lab)
    home, away = lab.site("port_restricted", "alice"), lab.site("port_restricted", "bob")
    other = lab.second_uplink(home, "port_restricted")
    relay = Relay(lab)
    alice, bob = Client(lab, home, "alice"), Client(lab, away, "bob")
    for one in (alice, bob):
        one.register(relay)
    introduce(alice, bob)
    lab.wire(away, "--delay-ms", 20)
    rows, held = [], 0
    for name, options, there in RUNGS:
        lab.rewire(away, *options, "--seed", 7)
        alice.wait_delivered([alice.send("bob", name)], 40)
        wait_path(alice, "bob", "direct", 40)
        got = talk(lab, studio, alice, bob, name)
        held = max(held, got["held_ms"])
        rows.append(row(name, got, there))
        print("    " + " | ".join(rows[-1]), flush=True)
        table("calls", COLUMNS, rows)
        check(got["sound"]["heard"], f"{name}: something is heard")
        if there:
            check(got["used"] <= there, f"{name}: not more than there is, on average: {got['used']:.0f} of {there} kbit/s")
        sound = got["sound"]
        if there is None:
            check(sound["delay_ms"] <= MOUTH_TO_EAR_MS + int(name.split()[0]), f"{name}: from mouth to ear {sound['delay_ms']} ms")
        check(sound["lost_ms"] <= 0.3 * sound["spoken_ms"], f"{name}: speech survives: {sound}")
    # Wi-Fi ends, mobile data begins.
    lab.rewire(away, "--delay-ms", 20, "--seed", 7)
    wait_path(alice, "bob", "direct", 40)
    moves = []
    got = talk(lab, studio, alice, bob, "uplink", lambda: moves.append(lab.switch_uplink(home, other)))
    rows.append(row("20 ms, another uplink in mid-call", got, None))
    print("    " + " | ".join(rows[-1]), flush=True)
    table("calls", COLUMNS, rows)
    stood = got["pictures"]["longest_gap_ms"] if got["pictures"] else "-"
    note(f"another uplink in mid-call: {got['sound'].get('longest_gap_ms')} ms of speech at a time were not heard, pictures stood still for {stood} ms; by {got['path']} afterwards")
    check(got["sound"]["heard"] and got["sound"]["longest_gap_ms"] <= 1000 and got["path"] == "direct", f"a drop of a second at most, and direct: {got['sound']}, {got['path']}")
    note(f"media threads were held up for {held} ms of {MEASURED_S} s at most; load {os.getloadavg()[0]:.0f}")
