#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What goes on after a message was sent, between real programs: it moves, is written anew and remembered; what happens to
a group stands in its history; and all of it can be typed."""
import io
import os
import tarfile
import time

from world import WAIT_S, Failed, Program, befriend, check, equal, main, password_of


def enroll(world, relay, name):
    client = world.client(name)
    client.ok("register", relay=relay.address, user=name, password=password_of(name))
    client.event("connected")
    return client


def friends(world):
    relay = world.relay()
    ann, ben = enroll(world, relay, "ann"), enroll(world, relay, "ben")
    ann.ok("contact_add", user="ben")
    ben.event("contact_request", user="ann")
    ben.ok("contact_accept", user="ann")
    ann.event("contact_accepted", user="ben")
    return relay, ann, ben


def until(holds, what):
    """For what no event tells."""
    end = time.monotonic() + WAIT_S
    while not holds():
        if time.monotonic() > end:
            raise Failed(f"not in {WAIT_S} s: {what}")
        time.sleep(0.05)


def newest(client, **where):
    return client.ok("history", limit=1, **where)["messages"][-1]


def a_place_that_moves(world):
    _, ann, ben = friends(world)
    place = ann.ok("send", to="ben", text="", body={"kind": "location", "latitude": 59.9, "longitude": 10.7, "live_seconds": 600})["message"]
    got = ben.event("message", message=place)
    check(got["live_until_ms"] > got["sent_ms"], "it moves")
    for step in range(1, 31):
        ann.ok("move_location", message=place, latitude=60 + step / 100, longitude=10.7, accuracy_m=5)
    ben.event("message_changed", what="moved", message=place)
    ann.ok("end_location", message=place)
    ben.run.wait(lambda line: line.get("event") == "message_changed" and line["message"] == place and "live_until_ms" not in line,
                 "end of the way")
    equal(round(newest(ben, **{"with": "ann"})["body"]["latitude"], 4), 60.3, "where she is")
    ann.refused("invalid_argument", "move_location", message=place, latitude=1, longitude=1)
    ben.refused("invalid_argument", "end_location", message=place)


def what_is_removed_here(world):
    _, ann, ben = friends(world)
    said = [ann.ok("send", to="ben", text=f"word {n}")["message"] for n in range(3)]
    for message in said:
        ben.event("message", message=message)
    ben.refused("invalid_argument", "remove_messages", messages=[])
    ben.ok("remove_messages", messages=said[:2])
    gone = ben.event("message_changed", what="removed", message=said[0])
    check("text" not in gone or gone["text"] == "", "no words")
    equal([one["text"] for one in ben.ok("history", **{"with": "ann"})["messages"]], ["word 2"], "what is left")
    equal(ben.ok("search", text="word")["hits"][0]["message"], said[2], "what is found")
    ben.ok("clear_conversation", **{"with": "ann"})
    equal(ben.event("conversation_cleared")["up_to"], said[2], "up to the last one")
    equal(ben.ok("history", **{"with": "ann"})["messages"], [], "nothing is left")
    equal(len(ben.ok("conversations")["conversations"]), 1, "it stays in the list")
    equal(len(ann.ok("history", **{"with": "ben"})["messages"]), 3, "ann has hers")
    ben.kill()
    for folder, _, names in os.walk(ben.home):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                check(b"word 1" not in file.read(), f"words in {name}")


def what_it_said_before(world):
    _, ann, ben = friends(world)
    ben.ok("set_versions", kept=4)
    ben.refused("invalid_argument", "set_versions", kept=65)
    message = ann.ok("send", to="ben", text="one @ben", mentions=[{"user": "ben", "begin": 4, "length": 4}])["message"]
    ben.event("message", message=message)
    ann.ok("edit", message=message, text="two")
    changed = ben.event("message_changed", what="edited", message=message)
    equal((changed["text"], changed["versions"]), ("two", 1), "as it stands")
    versions = ben.ok("versions", message=message)["versions"]
    equal([one["text"] for one in versions], ["one @ben"], "what it said")
    equal(versions[0]["mentions"], [{"user": "ben", "begin": 4, "length": 4}], "whom it mentioned")
    equal(ann.ok("versions", message=message)["versions"], [], "ann keeps none")
    ann.ok("recall", message=message)
    ben.event("message_changed", what="recalled", message=message)
    equal(ben.ok("versions", message=message)["versions"], [], "gone with it")
    ben.kill()
    for folder, _, names in os.walk(ben.home):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                check(b"one @ben" not in file.read(), f"words in {name}")


def a_group_and_its_history(world):
    _, ann, ben = friends(world)
    group = ann.ok("group_create", name="crew", members=["ben"])["conversation"]
    ben.event("group", what="joined", conversation=group)
    ann.ok("group_set", conversation=group, name="the crew")
    ben.event("group", what="profile", conversation=group)
    ann.ok("typing", conversation=group)
    equal(ben.event("typing", conversation=group)["with"], "", "in the group")
    notes = [line["body"]["what"] for line in ben.ok("history", conversation=group)["messages"] if line["kind"] == "group_note"]
    equal(notes[-1], "name", "what happened")
    row = [one for one in ben.ok("conversations")["conversations"] if one["conversation"] == group][0]
    equal(row["unread"], 0, "no news")
    note = newest(ben, conversation=group)["message"]
    ben.refused("invalid_argument", "react", message=note, emoji="+")
    ben.refused("invalid_argument", "send", conversation=group, text="x", body={"kind": "group_note"})


def pictures_of_groups(world):
    """Whoever is in a group has its picture, also who comes later, and from whoever has it."""
    relay, ann, ben = friends(world)
    cat = enroll(world, relay, "cat")
    befriend(ann, cat)
    group = ann.ok("group_create", name="crew", members=["ben"])["conversation"]
    ben.event("group", what="joined", conversation=group)
    path = os.path.join(world.folder, "crew.png")
    with open(path, "wb") as file:
        file.write(os.urandom(70_000))
    added = ann.ok("file_add", path=path, media_type="image/png")
    reference = {key: added[key] for key in ("file", "size", "name", "media_type", "key")}
    ann.ok("group_set", conversation=group, avatar=reference)
    ben.event("file_done", file=added["file"])
    equal(ben.ok("group_about", conversation=group)["group"]["avatar"]["file"], added["file"], "its picture")
    saved = ben.ok("file_save", file=added["file"], path=os.path.join(world.folder, "saved"))["path"]
    with open(saved, "rb") as one, open(path, "rb") as other:
        check(one.read() == other.read(), "the picture")
    ann.ok("group_invite", conversation=group, users=["cat"])
    cat.event("group", what="joined", conversation=group)
    cat.event("file_done", file=added["file"])
    ann.ok("group_set", conversation=group, avatar=None)
    until(lambda: ben.ok("files")["files"] == [], "it is gone from ben's home")
    until(lambda: cat.ok("files")["files"] == [], "and from cat's")


def stickers(world):
    """A pack that any tar made, sent sticker by sticker: it comes once, and its pictures are read where they lie."""
    _, ann, ben = friends(world)
    pack = os.path.join(world.folder, "animals.tar")
    moving = b"RIFF....WEBPVP8X....\x02"
    with tarfile.open(pack, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in (("fox.webp", moving), ("cat.png", b"a cat"), ("emoji.txt", "fox.webp \U0001f98a\n".encode())):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    added = ann.ok("file_add", path=pack, media_type="application/x-tar")
    reference = {key: added[key] for key in ("file", "size", "name", "media_type", "key")}
    body = {"kind": "sticker", "pack": reference, "name": "fox.webp", "emoji": "\U0001f98a", "animated": True}
    message = ann.ok("send", to="ben", text="", body=body)["message"]
    equal(ben.event("message", message=message)["body"]["name"], "fox.webp", "which one")
    ben.event("file_done", file=added["file"])
    equal(ben.ok("sticker_pack", file=added["file"])["stickers"],
          [{"name": "fox.webp", "emoji": "\U0001f98a", "media_type": "image/webp", "size": len(moving), "animated": True},
           {"name": "cat.png", "emoji": "", "media_type": "image/png", "size": 5, "animated": False}], "the pack")
    equal(bytes.fromhex(ben.ok("sticker", file=added["file"], name="fox.webp")["data"]), moving, "the picture")
    ben.refused("invalid_argument", "sticker", file=added["file"], name="emoji.txt")
    start = ben.mark()
    message = ann.ok("send", to="ben", text="", body={**body, "name": "cat.png", "emoji": "", "animated": False})["message"]
    ben.event("message", start, message=message)
    equal(ben.ok("sticker", file=added["file"], name="cat.png")["size"], 5, "at once: the pack is here")


class Typed:
    """The chat, fed line by line: each is followed by what it must say."""

    def __init__(self, world, name):
        self.commands = set()
        self.run = world.own(Program(name, [world.given.client, "--home", os.path.join(world.folder, name), "--loopback"],
                                     lambda line: line.rstrip("\n"), stderr=world.log(name), **world.spawn))

    def line(self, text):
        if text.startswith("/") and not text.startswith("//"):
            self.commands.add(text.split()[0])
        self.run.process.stdin.write((text + "\n").encode())
        self.run.process.stdin.flush()

    def type(self, text, *wanted):
        start = self.run.mark()
        self.line(text)
        for one in wanted:
            self.see(one, start, text)
        return start

    def see(self, wanted, start=0, typed=""):
        return self.run.wait(lambda line: wanted in line, f"{wanted!r} after {typed!r}", start)


def all_of_it_typed(world):
    """Every command of /help, as somebody types it; and what is no command."""
    relay = world.relay()
    ben, cat = enroll(world, relay, "ben"), enroll(world, relay, "cat")
    ann = Typed(world, "ann")
    ann.type("/help", "/quit")
    listed = {word for line in ann.run.lines for word in line.replace("\t", " ").split() if word.startswith("/")}
    ann.type("/help burn", "/burn SECONDS text")
    ann.line(f"/register {relay.address} ann")
    ann.type(password_of("ann"), "this device is now one of ann's")
    ann.see("connected over")

    # Contacts.
    for other in (ben, cat):
        ann.type(f"/add {other.name}", f"{other.name} is asked")
        other.event("contact_request", user="ann")
        other.ok("contact_accept", user="ann")
        ann.see(f"+ {other.name} is your contact")
    ann.type("/remark ben 本", "ben is called 本")
    ann.type("/label ben 朋友 work", "ben is in: 朋友 work")
    ann.type("/contacts", "ben (本)", "in: 朋友, work")
    ann.type("/block cat", "cat is blocked")
    ann.type("/unblock cat", "cat is unblocked")
    ann.type("/to nobody", "nobody is no contact")
    ann.type("/accept nobody", "! ")
    ann.type("/safety ben", "same on both sides")
    ann.type("/verify ben", "ben is who you think")
    ann.type("/verify ben undo", "counts as not compared")

    # What is said to ben.
    start = ann.type("@ben 你好 @all https://example.org", "me → ben: 你好")
    got = ben.event("message", text="你好 @all https://example.org")
    equal((len(got["body"]["mentions"]), len(got["body"]["links"])), (1, 1), "marked")
    ann.see("✓✓ delivered to ben", start)
    answer = ben.send("ann", "回答")
    ann.see("ben: 回答")
    ann.type("/reply 1 thanks", "me → ben: thanks")
    ben.event("message", text="thanks")
    ann.type("/keep 4", "4 earlier versions")
    ann.type("/keep four", "! /keep VERSIONS")
    ann.type("/edit 1 many thanks", "many thanks (edited")
    ben.event("message_changed", what="edited", text="many thanks")
    ann.type("/versions 1", " thanks")
    ann.type("/react 2 👍", "👍×1")
    ben.event("message_changed", what="reactions", message=answer)
    ann.type("/react 2 -👍", "回答  [")
    ann.type("/pin 1", "pinned: ")
    ann.type("/pins", "many thanks")
    ann.type("/unpin 1", "no longer pinned: ")
    ann.type("/pins", "nothing is pinned")
    ann.type("/who 1", "ben: delivered")
    ann.type("/history 2", "回答", "many thanks")
    ann.type("/history x", "! /history [N]")
    ann.type("/search 回答", "ben: 回答")
    ann.type("/search nowhere", "nothing found")
    ann.type("/recall 1", "taken back by ann")
    ben.event("message_changed", what="recalled")
    ann.type("/delete x", "! N and M count")
    ann.type("/delete 1", "gone from your history")
    ann.type("/takeback 0", "what you have sent stays")
    ann.type("stays", "me → ben: stays")
    ann.type("/recall 1", "too old")
    ann.type("/takeback 60", "for 60 minutes")
    ann.type("/location 31.2 121.4 上海", "location 31.20000, 121.40000 上海")
    ann.type("/location x y", "! /location LATITUDE")
    ann.type("/live 5 1 2 there", "live location 1.00000")
    ann.type("/move 3 4", "moved")
    ann.type("/end", "nobody is told any more")
    ann.type("/card cat", "contact cat")
    ann.type("/burn 5 gone soon", "gone soon")
    ben.event("message", text="gone soon")
    ann.type("/timer 60 read", "messages go 60 seconds after they were read")
    ann.type("/timer soon", "! /timer SECONDS")
    ann.type("/timer 0", "messages stay")
    ann.type("/later 5 a later word", "it goes in 5 minutes")
    ann.type("/scheduled", "ben: a later word")
    ann.type("/unschedule 2", "! /unschedule N")
    ann.type("/unschedule 1", "it is not sent")
    ann.type("/forward 1 cat", "burns after reading")
    for text in ("one to pass on", "another one", "and a third"):
        ann.type(text, "me → ben: " + text)
    ann.type("/forward 1 cat", "forwarded to cat")
    cat.event("message")
    ann.type("/bundle 3 1 cat", "3 messages go to cat")
    equal(len(cat.run.wait(lambda line: line.get("event") == "message" and line["kind"] == "forwarded", "bundle")["body"]["items"]), 3, "items")
    ann.type("/read", "all with ben is read")
    ann.type("/list", "ben")

    # How it stands in the list.
    ann.type("/top", "on top")
    ann.type("/silence 5", "silent until")
    ann.type("/silence x", "! /silence")
    ann.type("/archive", "archived")
    ann.type("/archive off", "on top")
    ann.type("/hide", "hidden")
    ann.type("/hide off", "on top")
    ann.type("/receipts off", "does not tell")
    ann.type("/receipts off everywhere", "nobody is told")
    ann.type("/receipts everywhere", "others are told")
    ann.type("/draft 草稿", "draft: 草稿")
    ann.type("/settings", "draft: 草稿")

    # Files and stickers.
    path = os.path.join(world.folder, "note.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write("a note")
    ann.type(f"/file {path}", "me → ben: note.txt")
    sent = ben.run.wait(lambda line: line.get("event") == "message" and line["kind"] == "attachment", "file")
    ann.type("/file /no/such", "! invalid_argument")
    ann.type("/files", "note.txt  whole, 6 bytes")
    out = os.path.join(world.folder, "out.txt")
    ann.type(f"/save note.txt {out}", f"saved as {out}")
    ben.event("file_done", file=sent["body"]["file"]["file"])
    for verb, says in (("fetch", "comes as soon"), ("pause", "waits"), ("resume", "goes on"), ("cancel", "removed here")):
        ann.type(f"/{verb} note.txt", says)
    pack = os.path.join(world.folder, "pack.tar")
    with tarfile.open(pack, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in (("fox.png", b"a fox"), ("emoji.txt", "fox.png \U0001f98a\n".encode())):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    ann.type(f"/pack {pack}", "fox.png", "/sticker pack.tar STICKER sends one")
    ann.type("/sticker pack.tar \U0001f98a", "[sticker \U0001f98a]")
    ann.type("/sticker pack.tar dog", "! there is no sticker dog")
    equal(ben.run.wait(lambda line: line.get("event") == "message" and line["kind"] == "sticker", "sticker")["body"]["name"], "fox.png", "it")

    # Groups.
    ann.type("/group crew ben", "#crew is there")
    group = ben.event("group", what="joined")["conversation"]
    ann.type("hello all", "me → #crew: hello all")
    ben.event("message", text="hello all")
    ann.type("/invite cat", "cat taken in")
    cat.event("group", what="joined", conversation=group)
    ann.type("/role ben admin", "done")
    ann.type("/role ben king", "! /role NAME")
    ann.type("/mute cat 5", "done")
    ann.type("/mute cat x", "! /mute NAME|all")
    ann.type("/unmute cat", "done")
    ann.type("/rename the crew", "done")
    ben.event("group", what="profile")
    ann.type("/announce 公告", "done")
    ann.type("/about what it is for", "done")
    ann.type("/members", "#the crew", "! 公告", "admin  ben")
    ann.type("/joining request", "done")
    ann.type("/joining maybe", "! /joining")
    ann.type("/invitation", "/join godwit-group:")
    ann.type("/kick cat", "cat put out")
    cat.event("group", what="closed", conversation=group)
    ann.type("/let-in dan", "! ")
    ann.type("/turn-away dan", "! ")
    ann.type("/to ben", "")
    ben.ok("send", conversation=group, text="in the group")
    ann.see("ben: in the group")
    check("in #the crew" in ann.see("ben: in the group"), "where it was said")
    ann.type("/forward 1 #the crew", "forwarded to #the crew")
    ann.type("/to #none", "! no group #none")
    ann.type("/to #the crew", "in the group")
    ann.type("/groups", "#the crew")
    ann.type("/dissolve", "dissolved")
    ann.type("/discussion 60 quick ben", "#quick is there")
    ann.type("/promote", "it is a group now")
    ann.type("/leave", "! ")  # The owner hands over first.
    ann.type("/channel news ben", "#news is there")
    ann.type("/join nonsense", "! invalid_argument")

    # The rest: devices, archives, calls, the relay.
    ann.type("/devices", "this device")
    ann.type("/revoke nothing", "! invalid_argument")
    ann.type("/link nonsense", "! invalid_argument")
    ann.line(f"/export {os.path.join(world.folder, 'history.gwa')}")
    ann.type("a long passphrase", "messages, ")
    ann.line(f"/import {os.path.join(world.folder, 'history.gwa')} check")
    ann.type("a long passphrase", "of them new here")
    ann.type("/ask-history", "! invalid_argument")
    ann.type("/give-history nothing", "! invalid_argument")
    ann.type("/to ben", "")
    ann.type("/hangup", "! ")
    ann.type("/reject", "! ")
    ann.type("/answer", "! ")
    ann.type("/hold", "you are in no call")
    ann.line("/call")
    ann.line("/video")
    ann.line("/hangup")
    ann.type("/notices", "has said nothing")
    ann.type("/policy", "policy is direct_first")
    ann.type("/to ben", "ben")
    ann.type("/clear", "! ")
    ann.type("/clear all", "with ben is cleared")
    ann.type("/policy fast", "! direct_first")
    ann.type("/status", "account    ann")
    ann.type("/remove cat", "cat is removed")
    ann.line(f"/login {relay.address} ann")
    ann.type(password_of("ann"), "already_registered")
    ann.type("//not a command", "/not a command")
    ann.type("/nonsense", "! no command /nonsense")
    ann.line("/reconnect")
    until(lambda: "connected over" in ann.see("relay      ", ann.type("/status")), "connected again, or still")
    missing = listed - ann.commands - {"/logout", "/quit"}
    equal(missing, set(), "commands that /help lists and that nobody typed")
    ann.type("/logout", "logged out")
    ann.line("/quit")
    equal(ann.run.process.wait(30), 0, "the end")


main([a_place_that_moves, what_is_removed_here, what_it_said_before, a_group_and_its_history, pictures_of_groups, stickers, all_of_it_typed])
