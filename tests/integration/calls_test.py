#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Calls between real programs over loopback: what is said on one side is heard on the other, and what the history says afterwards. Sound is real time, on a machine
that may have much else to do: what is to be heard is waited for, while the call goes on."""
import array
import math
import os
import struct
import time
import wave

from world import Failed, befriend, check, equal, main, password_of

RATE = 48000
TONE = {"audio_source": "tone", "audio_sink": "none", "video_source": "none", "video_sink": "none"}


def write_tone(path, hz, seconds):
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        second = b"".join(struct.pack("<h", round(8000 * math.sin(2 * math.pi * hz * i / RATE))) for i in range(RATE))
        out.writeframes((second * math.ceil(seconds))[:2 * int(seconds * RATE)])


def samples_of(path):
    """Of a file that is whole, or that is still written, which says in its head how long it is when it is whole."""
    with open(path, "rb") as file:
        bytes_ = file.read()[44:]
    return array.array("h", bytes_[:len(bytes_) // 2 * 2])


def tone_seconds(samples, hz, share):
    """Seconds in which that tone is to be heard: `share` of the power of 20 ms (Goertzel)."""
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
        heard += (last * last + before * before - factor * last * before) * 2 / step >= share * power
    return heard / 50


def hears(client, path, hz, share, seconds):
    """Waits, from one report of the call to the next, until so much of it stands in the file."""
    for _ in range(20):
        mark = client.mark()
        heard = tone_seconds(samples_of(path), hz, share) if os.path.exists(path) else 0
        if heard >= seconds:
            return
        client.event("call_quality", mark)
    raise Failed(f"{path}: {heard:.2f} s of {hz} Hz")


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
    write_tone(path("440.wav"), 440, 120)
    write_tone(path("660.wav"), 660, 120)

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
        quality = one.run.wait(lambda line: line.get("event") == "call_quality" and line["datagrams_received"] > 20, f"quality at {one.name}'s")
        equal(quality["path"], "direct", "its way")
        check(1 <= quality["mos"] <= 4.5 and quality["frames_refused"] == 0, str(quality))
    hears(alice, path("alice.wav"), 660, 0.9, 2)
    hears(bob, path("bob.wav"), 440, 0.9, 2)
    equal(alice.ok("call_stats")["path"], "direct", "statistics when asked")
    alice.ok("hangup")
    ended = bob.event("call_ended", call=call)
    equal((ended["outcome"], ended["with"]), ("completed", "alice"), "how it ended")
    alice.event("call_ended", call=call, outcome="completed")
    check(ended["active_ms"] >= 4000, f"how long it was: {ended}")
    equal(alice.ok("calls")["calls"], [], "calls")

    for name in ("alice.wav", "bob.wav"):  # whole, once the call is over
        with wave.open(path(name), "rb") as file:
            equal((file.getnchannels(), file.getsampwidth(), file.getframerate()), (1, 2, RATE), f"format of {name}")
            check(file.getnframes() >= 2 * RATE, f"{name}: {file.getnframes()} samples")
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
        one.run.wait(lambda line: line.get("event") == "call_quality" and line["pictures_shown"] > 2 and line["width"] >= 160, f"picture at {one.name}'s", mark, 90)
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


def pictures_in_vp9(world):
    alice, bob = world.pair(world.relay())
    path = lambda name: os.path.join(world.folder, name)
    alice.refused("invalid_argument", "call", to="bob", video=True, video_codec="h264")
    call = ring(alice, bob, video=True, audio_source="none", audio_sink="none", video_source="pattern", video_sink=path("alice.ivf"), video_codec="vp9")
    bob.ok("answer", call=call, video=True, audio_source="none", audio_sink="none", video_source="pattern", video_sink=path("bob.ivf"))
    alice.event("call_state", call=call, state="active")
    check(alice.ok("calls")["calls"][0]["theirs"]["vp9"], "bob takes VP9")
    for one, sent, received in ((alice, "vp9", "vp8"), (bob, "vp8", "vp9")):
        one.run.wait(lambda line: line.get("event") == "call_quality" and (line["codec_sent"], line["codec_received"]) == (sent, received) and line["pictures_shown"] > 2, f"codecs at {one.name}'s", 0, 90)
    bob.ok("hangup")
    alice.event("call_ended", call=call, outcome="completed")
    bob.event("call_ended", call=call, outcome="completed")
    for name, codec in (("alice.ivf", b"VP80"), ("bob.ivf", b"VP90")):
        with open(path(name), "rb") as file:
            head = file.read(32)
            equal((head[:4], head[8:12]), (b"DKIF", codec), name)


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
    check(took >= 5, f"noticed after {took:.1f} s")  # ten, less what the last words took to be heard
    equal(record_of(alice, "bob", call)["outcome"], "lost", "the record")
    bob.start()
    equal(record_of(bob, "alice", call)["outcome"], "lost", "the record on the side that died")
    equal(bob.ok("calls")["calls"], [], "calls of a new life")


def calls_back_after_a_crash(world):
    alice, bob = world.pair(world.relay())
    call = ring(alice, bob, **TONE)
    bob.ok("answer", **TONE)
    alice.event("call_state", call=call, state="active")
    bob.kill()
    bob.start()
    bob.event("connected")
    mark = alice.mark()
    again = bob.ok("call", to="alice", **TONE)["call"]
    alice.event("call_ended", call=call, outcome="lost")
    alice.event("call_incoming", mark, call=again)
    alice.ok("answer", call=again, **TONE)
    for one in (alice, bob):
        one.event("call_state", call=again, state="active")
    # Who is blocked in a call is in none.
    began = time.monotonic()
    bob.ok("contact_block", user="alice")
    bob.event("call_ended", call=again, outcome="completed")
    alice.event("call_ended", call=again, outcome="completed")
    check(time.monotonic() - began < 9, "alice hears of it, and does not wait until nothing comes")


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
        write_tone(path(f"{hz}.wav"), hz, 240)

    call = alice.ok("call", conversation=group, audio_source=path("440.wav"), audio_sink=path("alice.wav"))["call"]
    for one in (bob, carol):
        event = one.event("call_incoming", call=call)
        equal((event["group"], event["with"], event["conversation"]), (True, "alice", group), "who calls")
    bob.ok("answer", audio_source=path("660.wav"), audio_sink=path("bob.wav"))
    for one, other in ((alice, "bob"), (bob, "alice")):
        one.run.wait(lambda line: line.get("event") == "call_member" and line["what"] == "connected" and line["member"]["user"] == other, f"{one.name} hears {other}")
    carol.ok("answer", call=call, audio_source=path("990.wav"), audio_sink=path("carol.wav"))
    for one, other in ((carol, "alice"), (carol, "bob"), (bob, "carol"), (alice, "carol")):
        one.run.wait(lambda line: line.get("event") == "call_member" and line["what"] == "connected" and line["member"]["user"] == other, f"{one.name} hears {other}")
    equal(sorted(one["user"] for one in bob.ok("calls")["calls"][0]["members"]), ["alice", "carol"], "who is in it")
    quality = bob.event("call_quality", call=call)
    check(quality["frames_refused"] == 0 and quality["path"] == "direct", str(quality))
    alice.refused("conflict", "call", to="bob")
    for one, tones in ((alice, (660, 990)), (bob, (440, 990)), (carol, (440, 660))):
        for hz in tones:
            hears(one, path(f"{one.name}.wav"), hz, 0.1, 1)

    mark = bob.mark()
    alice.ok("group_remove", conversation=group, users=["carol"])
    carol.event("call_ended", call=call, outcome="removed")
    equal(bob.event("call_member", mark, what="removed")["member"]["user"], "carol", "who is out")
    mark = bob.mark()
    before = bob.event("call_quality", mark, call=call)
    # Under other keys. Who has them late refuses what was sealed by them until then, and nothing afterwards.
    first = bob.run.wait(lambda line: line.get("event") == "call_quality" and line["datagrams_received"] > before["datagrams_received"] + 50, "sound under other keys", mark)
    last = bob.event("call_quality", bob.mark(), call=call)
    equal(last["frames_refused"], first["frames_refused"], "refused under other keys")
    bob.ok("hangup")
    alice.event("call_member", what="left")
    alice.ok("hangup")
    for one in (alice, bob):
        one.event("call_ended", call=call, outcome="completed")
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
    os.mkfifo(path("pipe"))
    os.symlink(os.path.join(alice.home, "store.key"), path("key.wav"))
    words = os.path.getsize(path("short.wav"))
    for code, fields, names in (
            ("no_such_file", {"audio_source": path("missing.wav")}, "missing.wav"),
            ("invalid_argument", {"audio_source": path("text.wav")}, "text.wav"),
            ("no_such_file", {"video_source": path("missing.y4m")}, "missing.y4m"),
            ("invalid_argument", {"video_source": path("short.wav")}, "short.wav"),
            ("invalid_argument", {"audio_sink": path("no/folder.wav")}, "no/folder.wav"),
            ("invalid_argument", {"video_sink": world.folder}, world.folder),
            ("invalid_argument", {"audio_sink": os.path.join(alice.home, "store.key")}, "store.key"),
            ("invalid_argument", {"video_sink": os.path.join(alice.home, "godwit.db")}, "godwit.db"),
            ("invalid_argument", {"audio_sink": os.path.join(alice.home, "new.wav")}, "new.wav"),
            ("invalid_argument", {"audio_sink": path("key.wav")}, "key.wav"),
            ("invalid_argument", {"audio_sink": path("pipe")}, "pipe"),
            ("invalid_argument", {"video_sink": "/dev/null"}, "/dev/null"),
            ("invalid_argument", {"audio_source": path("short.wav"), "audio_sink": path("short.wav")}, "short.wav")):
        error = alice.refused(code, "call", to="bob", **fields)
        check(names in error["detail"], f"the detail names no file: {error}")
    equal(os.path.getsize(path("short.wav")), words, "what was recorded")
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
    main([said_on_one_side_and_heard_on_the_other, pictures, pictures_in_vp9, several_devices_reject_busy_and_missed, one_side_dies, calls_back_after_a_crash, a_group, what_is_refused])
