#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls between real programs over loopback: what is said on one side is heard on the other, and what the history says afterwards. Sound is real time."""
import array
import math
import os
import struct
import time
import wave

from world import befriend, check, equal, main, password_of

RATE = 48000


def write_tone(path, hz, seconds):
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(b"".join(struct.pack("<h", round(8000 * math.sin(2 * math.pi * hz * i / RATE))) for i in range(int(seconds * RATE))))


def tone_seconds(path, hz):
    """How long the file is, and how much of it is that tone (Goertzel over 20 ms: nine tenths of the power)."""
    with wave.open(path, "rb") as file:
        equal((file.getnchannels(), file.getsampwidth(), file.getframerate()), (1, 2, RATE), f"format of {path}")
        samples = array.array("h", file.readframes(file.getnframes()))
    step, heard = RATE // 50, 0
    factor = 2 * math.cos(2 * math.pi * hz / RATE)
    for at in range(0, len(samples) - step, step):
        window = samples[at:at + step]
        power = sum(x * x for x in window)
        if power < step * 200 ** 2:
            continue
        before = last = 0.0
        for x in window:
            before, last = last, x + factor * last - before
        heard += (last * last + before * before - factor * last * before) * 2 / step >= 0.9 * power
    return len(samples) / RATE, heard / 50


def share_of_tone(path, hz):
    """Seconds in which that tone is to be heard, perhaps among others: a tenth of the power of 20 ms."""
    with wave.open(path, "rb") as file:
        samples = array.array("h", file.readframes(file.getnframes()))
    step, heard = RATE // 50, 0
    factor = 2 * math.cos(2 * math.pi * hz / RATE)
    for at in range(0, len(samples) - step, step):
        window = samples[at:at + step]
        power = sum(x * x for x in window)
        if power < step * 200 ** 2:
            continue
        before = last = 0.0
        for x in window:
            before, last = last, x + factor * last - before
        heard += (last * last + before * before - factor * last * before) * 2 / step >= 0.1 * power
    return heard / 50


def record_of(client, who, call, start=0):
    client.run.wait(lambda line: line.get("message") == call and line.get("event") in ("message", "message_state"), f"the record of {call}", start)
    row = [one for one in client.history(who) if one["message"] == call]
    equal(len(row), 1, "records of one call")
    equal(row[0]["body"]["name"], "godwit.call", "the record")
    return {field["label"]: field["value"] for field in row[0]["body"]["fields"]}


def ring(caller, callee, **devices):
    marks = caller.mark(), callee.mark()
    call = caller.ok("call", to=callee.name, **devices)["call"]
    event = callee.event("call_incoming", marks[1], call=call)
    equal((event["with"], event["incoming"], event["state"]), (caller.name, True, "ringing"), "who calls")
    caller.event("call_state", marks[0], call=call, state="ringing")
    return call


def said_on_one_side_and_heard_on_the_other(world):
    alice, bob = world.pair(world.relay())
    path = lambda name: os.path.join(world.folder, name)
    write_tone(path("440.wav"), 440, 30)
    write_tone(path("660.wav"), 660, 30)

    call = ring(alice, bob, audio_source=path("440.wav"), audio_sink=path("alice.wav"))
    equal([one["call"] for one in bob.ok("calls")["calls"]], [call], "what rings")
    alice.refused("conflict", "call", to="bob")
    bob.ok("answer", audio_source=path("660.wav"), audio_sink=path("bob.wav"))
    for one in (alice, bob):
        one.event("call_state", call=call, state="connecting")
        equal(one.event("call_state", call=call, state="active")["call"], call, "active")
    mark = bob.mark()
    alice.ok("call_media", muted=True)
    check(bob.event("call_media", mark, call=call)["theirs"]["muted"], "muted")
    alice.ok("call_media", muted=False)
    for one in (alice, bob):
        quality = one.event("call_quality", call=call)
        equal(quality["path"], "direct", "its way")
        check(quality["datagrams_received"] > 20 and 1 <= quality["mos"] <= 4.5 and quality["frames_refused"] == 0, str(quality))
    equal(alice.ok("call_stats")["path"], "direct", "statistics when asked")
    alice.ok("hangup")
    ended = bob.event("call_ended", call=call)
    equal((ended["outcome"], ended["with"]), ("completed", "alice"), "how it ended")
    alice.event("call_ended", call=call, outcome="completed")
    check(ended["active_ms"] >= 4000, f"how long it was: {ended}")
    equal(alice.ok("calls")["calls"], [], "calls")

    for file, hz in (("alice.wav", 660), ("bob.wav", 440)):
        length, tone = tone_seconds(path(file), hz)
        check(length >= 4 and tone >= 2, f"{file}: {length:.2f} s, of which {tone:.2f} s are {hz} Hz")
    for one, other in ((alice, "bob"), (bob, "alice")):
        record = record_of(one, other, call)
        equal((record["caller"], record["outcome"], record["video"]), ("alice", "completed", "false"), "the record")
        check(int(record["active_ms"]) >= 4000, str(record))


def pictures(world):
    alice, bob = world.pair(world.relay())
    path = lambda name: os.path.join(world.folder, name)
    call = ring(alice, bob, video=True, audio_source="tone", audio_sink="none", video_source="pattern", video_sink=path("alice.ivf"))
    check(bob.event("call_incoming", call=call)["video"], "a video call")
    mark = 0
    bob.ok("answer", call=call, audio_source="none", audio_sink="none", video_source="pattern", video_sink=path("bob.y4m"))
    alice.event("call_state", call=call, state="active")
    bob.ok("call_media", camera=True)
    check(alice.event("call_media", mark, call=call)["theirs"]["camera"], "bob's camera")
    # A machine with much else to do is a bad path: pictures come when it pays for them.
    for one in (alice, bob):
        one.run.wait(lambda line: line.get("event") == "call_quality" and line["pictures_shown"] > 0 and line["width"] >= 160, f"picture at {one.name}'s", mark, 90)
    bob.ok("hangup")
    alice.event("call_ended", call=call, outcome="completed")
    bob.event("call_ended", call=call, outcome="completed")
    with open(path("bob.y4m"), "rb") as file:
        head = file.readline()
        check(head.startswith(b"YUV4MPEG2 W"), f"a Y4M: {head}")
        check(os.fstat(file.fileno()).st_size > 100_000, "pictures in it")
    with open(path("alice.ivf"), "rb") as file:
        head = file.read(32)
        equal((head[:4], head[8:12]), (b"DKIF", b"VP80"), "an IVF")
        check(os.fstat(file.fileno()).st_size > 500, "frames in it")


def several_devices_reject_busy_and_missed(world):
    relay = world.relay()
    alice, bob = world.pair(relay)
    tablet = world.client("bob-tablet")
    tablet.ok("login", relay=relay.address, user="bob", password=password_of("bob"))
    tablet.event("connected")
    carol = world.client("carol")
    carol.ok("register", relay=relay.address, user="carol", password=password_of("carol"))
    befriend(carol, bob)

    # It rings on both; one answers, the other stops.
    call = ring(alice, bob, audio_source="none", audio_sink="none")
    tablet.event("call_incoming", call=call)
    bob.ok("answer", audio_source="none", audio_sink="none")
    tablet.event("call_ended", call=call, outcome="answered_elsewhere")
    alice.event("call_state", call=call, state="active")
    # Who calls now hears that bob is busy.
    mark = carol.mark()
    other = carol.ok("call", to="bob")["call"]
    carol.event("call_ended", mark, call=other, outcome="busy")
    equal(record_of(carol, "bob", other)["outcome"], "busy", "the record")
    bob.ok("hangup", call=call)
    alice.event("call_ended", call=call, outcome="completed")

    # Rejected on one device, it stops on the other.
    call = ring(alice, bob)
    tablet.event("call_incoming", call=call)
    tablet.ok("reject")
    for one in (alice, bob, tablet):
        one.event("call_ended", call=call, outcome="declined")
    equal(record_of(bob, "alice", call)["outcome"], "declined", "the record")

    # Given up while it rings: a missed call.
    call = ring(alice, bob)
    alice.ok("hangup")
    for one in (alice, bob, tablet):
        one.event("call_ended", call=call, outcome="cancelled")
        equal(record_of(one, "alice" if one is not alice else "bob", call), {"caller": "alice", "outcome": "cancelled", "video": "false", "active_ms": "0"}, "missed")

    # Nobody was there: the record waits in the mailbox.
    bob.kill()
    tablet.kill()
    call = alice.ok("call", to="bob")["call"]
    alice.ok("hangup")
    alice.event("call_ended", call=call, outcome="cancelled")
    bob.start()
    equal(record_of(bob, "alice", call)["outcome"], "cancelled", "missed while away")


def one_side_dies(world):
    alice, bob = world.pair(world.relay())
    call = ring(alice, bob, audio_source="tone", audio_sink="none")
    bob.ok("answer", audio_source="tone", audio_sink="none")
    alice.event("call_state", call=call, state="active")
    bob.kill()
    began = time.monotonic()
    ended = alice.event("call_ended", call=call, seconds=60)
    took = time.monotonic() - began
    equal(ended["outcome"], "lost", "how it ended")
    check(8 <= took <= 16, f"noticed after {took:.1f} s")
    equal(record_of(alice, "bob", call)["outcome"], "lost", "the record")
    bob.start()
    equal(record_of(bob, "alice", call)["outcome"], "lost", "the record on the side that died")
    equal(bob.ok("calls")["calls"], [], "calls of a new life")


def a_group(world):
    """Three who do not all know each other: each hears both others at once, one comes late, one is put out of the group."""
    relay = world.relay()
    alice, bob, carol = (world.client(name) for name in ("alice", "bob", "carol"))
    for one in (alice, bob, carol):
        one.ok("register", relay=relay.address, user=one.name, password=password_of(one.name))
        one.event("connected")
    befriend(alice, bob)
    befriend(alice, carol)
    group = alice.ok("group_create", name="crew", members=["bob", "carol"])["conversation"]
    for one in (bob, carol):
        one.event("group", what="joined", conversation=group)
    path = lambda name: os.path.join(world.folder, name)
    for hz in (440, 660, 990):
        write_tone(path(f"{hz}.wav"), hz, 60)

    call = alice.ok("call", conversation=group, audio_source=path("440.wav"), audio_sink=path("alice.wav"))["call"]
    for one in (bob, carol):
        event = one.event("call_incoming", call=call)
        equal((event["group"], event["with"], event["conversation"]), (True, "alice", group), "who calls")
    bob.ok("answer", audio_source=path("660.wav"), audio_sink=path("bob.wav"))
    for one, other in ((alice, "bob"), (bob, "alice")):
        one.run.wait(lambda line: line.get("event") == "call_member" and line["what"] == "connected" and line["member"]["user"] == other, f"{one.name} hears {other}")
    time.sleep(2)
    carol.ok("answer", call=call, audio_source=path("990.wav"), audio_sink=path("carol.wav"))
    for one, other in ((carol, "alice"), (carol, "bob"), (bob, "carol"), (alice, "carol")):
        one.run.wait(lambda line: line.get("event") == "call_member" and line["what"] == "connected" and line["member"]["user"] == other, f"{one.name} hears {other}")
    equal(sorted(one["user"] for one in bob.ok("calls")["calls"][0]["members"]), ["alice", "carol"], "who is in it")
    quality = bob.event("call_quality", call=call)
    check(quality["frames_refused"] == 0 and quality["path"] == "direct", str(quality))
    alice.refused("conflict", "call", to="bob")
    time.sleep(3)

    mark = bob.mark()
    alice.ok("group_remove", conversation=group, users=["carol"])
    carol.event("call_ended", call=call, outcome="removed")
    equal(bob.event("call_member", mark, what="removed")["member"]["user"], "carol", "who is out")
    mark = bob.mark()
    quality = bob.event("call_quality", mark, call=call)  # under other keys
    check(quality["datagrams_received"] > 100 and quality["frames_refused"] == 0, str(quality))
    bob.ok("hangup")
    alice.event("call_member", what="left")
    alice.ok("hangup")
    for one in (alice, bob):
        one.event("call_ended", call=call, outcome="completed")
    for name, tones in (("alice", (660, 990)), ("bob", (440, 990)), ("carol", (440, 660))):
        for hz in tones:
            heard = share_of_tone(path(f"{name}.wav"), hz)
            check(heard >= 1, f"{name} heard {hz} Hz for {heard:.2f} s")
    alice.run.wait(lambda line: line.get("message") == call, "the record")
    row = [one for one in bob.ok("history", conversation=group, limit=100)["messages"] if one["message"] == call]
    equal(len(row), 1, "records of one call")
    record = {field["label"]: field["value"] for field in row[0]["body"]["fields"]}
    equal((record["caller"], record["outcome"], record["members"]), ("alice", "completed", "3"), "the record")


def what_is_refused(world):
    relay = world.relay()
    alice, bob = world.pair(relay)
    path = lambda name: os.path.join(world.folder, name)
    with open(path("text.wav"), "w", encoding="utf-8") as file:
        file.write("this is no sound\n" * 100)
    write_tone(path("short.wav"), 440, 0.1)
    for code, fields, names in (
            ("no_such_file", {"audio_source": path("missing.wav")}, "missing.wav"),
            ("invalid_argument", {"audio_source": path("text.wav")}, "text.wav"),
            ("no_such_file", {"video_source": path("missing.y4m")}, "missing.y4m"),
            ("invalid_argument", {"video_source": path("short.wav")}, "short.wav"),
            ("invalid_argument", {"audio_sink": path("no/folder.wav")}, "no/folder.wav"),
            ("invalid_argument", {"video_sink": world.folder}, world.folder)):
        error = alice.refused(code, "call", to="bob", **fields)
        check(names in error["detail"], f"the detail names no file: {error}")
    alice.refused("not_a_contact", "call", to="nobody")
    alice.refused("invalid_argument", "call", to="alice")
    for do in ("answer", "reject", "hangup", "call_stats"):
        alice.refused("invalid_argument", do)
    alice.refused("invalid_argument", "hangup", call="00" * 16)
    channel = alice.ok("group_create", name="news", kind="channel", members=["bob"])["conversation"]
    alice.refused("unsupported", "call", conversation=channel)
    for source in ("sound:no such microphone", "camera:/dev/no-such-camera"):
        kind = "audio_source" if source.startswith("sound") else "video_source"
        error = alice.ask("call", to="bob", **{kind: source})["error"]
        check(error["code"] in ("no_such_file", "unsupported", "internal") and source in error["detail"], str(error))
    devices = alice.ask("call_devices")
    check(devices["ok"] or devices["error"]["code"] in ("unsupported", "internal"), str(devices))
    equal(alice.ok("calls")["calls"], [], "calls")
    check(not [line for line in bob.run.lines if line.get("event") == "call_incoming"], "it rang at bob's")


if __name__ == "__main__":
    main([said_on_one_side_and_heard_on_the_other, pictures, several_devices_reject_busy_and_missed, one_side_dies, a_group, what_is_refused])
