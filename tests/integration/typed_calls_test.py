#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls as people make them who have a terminal: /call typed on one, /answer on another, and what both see."""
import array
import os
import wave

from cli_test import Terminal
from watch import grown
from world import check, equal, main

LOUD = 2000  # the tone is far above it, silence and what a codec makes of it far below


def loud_share(path):
    with wave.open(path, "rb") as file:
        equal((file.getnchannels(), file.getsampwidth(), file.getframerate()), (1, 2, 48000), f"format of {path}")
        samples = array.array("h", file.readframes(file.getnframes()))
    steps = [max(samples[at:at + 480]) for at in range(0, len(samples) - 480, 480)]
    return sum(one > LOUD for one in steps) / len(steps)


def two_terminals(world):
    relay = world.relay()
    ann, ben = Terminal(world, "ann"), Terminal(world, "ben")
    for one, name in ((ann, "ann"), (ben, "ben")):
        one.see("No account in this home yet")
        one.type(f"/register {relay.address} {name}\r")
        one.see("a new password")
        one.type(f"a long password of {name}\r")
        one.see(f"{name}> ")
    ann.type("/add ben\r")
    ben.see("/accept ann")
    ben.type("/accept ann\r")
    ann.see("ann → ben> ")
    ben.see("ben → ann> ")
    return ann, ben


def talked(world):
    ann, ben = two_terminals(world)
    heard = {name: os.path.join(world.folder, f"{name}.wav") for name in ("ann", "ben")}

    ann.type(f"/call tone {heard['ann']}\r")
    ann.see("calling; /hangup ends it")
    at = ben.see("* ann is calling (call): /answer or /reject")
    ann.see("* call with ben: ringing")
    ben.type(f"/answer tone {heard['ben']}\r")
    mark = ben.see("* call with ann: active", at)
    ann.see("* call with ben: active")
    for path in heard.values():
        grown(path, 44 + 2 * 48000 * 2)  # two seconds; the file's head says how much it is when the call is over

    ann.type("/mute\r")
    ann.see("you are muted")
    mark = ben.see("* ann is muted", mark)
    ann.type("/mute\r")
    ann.see("you are to be heard")
    mark = ben.see("* ann is to be heard", mark)
    ben.type("/hold\r")
    ben.see("the call is held", mark)
    at = ann.see("* ben holds the call")
    ben.type("/hold\r")
    ben.see("the call goes on", mark)
    at = ann.see("* ben is to be heard", at)
    ann.type("hello, do you hear me?\r")  # words go on beside it
    mark = ben.see("ann: hello, do you hear me?", mark)
    ben.type("/hangup\r")
    ben.see("* call with ann is over: completed, 0:", mark)
    ann.see("* call with ben is over: completed, 0:", at)
    for name, path in heard.items():
        share = loud_share(path)
        check(share > 0.2, f"{name} heard the tone in {100 * share:.0f} % of the call")
    for one in (ann, ben):
        equal(one.ends(), 0, "exit code after ^D")


def not_talked(world):
    ann, ben = two_terminals(world)

    at = ann.see("ann → ben> ")
    ann.type("/hangup\r")
    at = ann.see("! invalid_argument", at)
    ann.type("/mute\r")
    at = ann.see("you are in no call", at)
    ann.type("/answer\r")
    at = ann.see("! invalid_argument", at)
    ann.type("/call /no/such/words.wav\r")
    at = ann.see("! no_such_file", at)
    at = ann.see("words.wav", at)

    ann.type("/call\r")
    mark = ben.see("* ann is calling (call): /answer or /reject")
    ben.type("/reject\r")
    ben.see("* call with ann is over: declined", mark)
    at = ann.see("* call with ben is over: declined", at)

    ann.type("/video\r")
    mark = ben.see("* ann is calling (video call): /answer or /reject", mark)
    ann.type("/hangup\r")
    ben.see("* video call with ann is over: cancelled", mark)
    at = ann.see("* video call with ben is over: cancelled", at)

    # Who leaves in the middle of a call says so.
    ben.type("/call tone\r")
    at = ann.see("* ben is calling (call)", at)
    ann.type("/answer\r")
    ben.see("* call with ann: active", mark)
    at = ann.see("* call with ben: active", at)
    equal(ben.ends(), 0, "exit code after ^D")
    ann.see("* call with ben is over", at)
    equal(ann.ends(), 0, "exit code after ^D")


if __name__ == "__main__":
    main([talked, not_talked])
