#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants one bug after the other and asks the simulator to find it: who watches the watchers.

A mutant is an edit of the sources: (name, file, what stands there, what shall stand there), or a name and several such
edits. Only the edited files are compiled anew, beside the tree, and linked with the objects of a build of it: a mutant
costs one file, one link, and the seeds until one fails. The seed that found it last is tried first, those that have
found something before ("kept N" in the table, tests/sim/found_seeds.txt) last; a seed that fails without the mutant as
well finds nothing. A mutant whose place is gone says so: mend the edit, or drop it with its reason.

    ./dev sim --mutants [NAME...] [--seeds N] [--seconds S] [--jobs J] [--scratch DIR] [--afresh]
    ./dev sim --mutants --check                                             only whether each has its place

Prints a line for each and writes the table of docs/mutants.md, row by row, so that a run that is broken off has not been
for nothing; exit 1 when fewer than 95 % of those tried are found (goals.md S2).
"""
import argparse
import concurrent.futures
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time

GATE_SEEDS = 400
FOUND_SHARE = 0.95
TABLE = "docs/mutants.md"
KEPT_SEEDS = "tests/sim/found_seeds.txt"
SURVIVES = "survives"
KEPT = "kept "

# The old text must stand in the file exactly once.
MUTANTS = [
    # the tick
    ("speak_before_commit", "lib/client/ticker.cpp",
     "    const bool written = parts_.store.dirty();\n", "    speak();\n    const bool written = parts_.store.dirty();\n"),
    ("go_on_after_failed_commit", "lib/client/ticker.cpp",
     "        commit_failed(committed.error());\n        return;\n",
     "        parts_.store.rollback();\n        speak();\n        return;\n"),
    # the engine's inbox
    # Three guards stand behind each other (mark, hold, history): skipping the mark alone changes nothing that shows.
    ("dedupe_by_nothing", [
        ("lib/engine/receiver.cpp",
         "    context.store.mark_seen(from, id, now.wall_ms);\n    // What comes by a link",
         "    // What comes by a link"),
        ("lib/engine/chats.cpp", "        if (!filed.added) continue;\n", ""),
        ("lib/delivery/causal_hold.cpp",
         "    if (place.held.contains(id) || store.has_message(conversation, id)) return out;",
         "    if (place.held.contains(id)) return out;"),
    ]),
    ("receipt_without_storing", "lib/engine/receiver.cpp",
     "    if (!is_control && context.store.seen(from, envelope.id)) {",
     "    if (!is_control && envelope.id.bytes[0] % 8 == 0) return receipts.owe(from, envelope.id, arrival.sequence), true;\n"
     "    if (!is_control && context.store.seen(from, envelope.id)) {"),
    ("no_receipt_for_duplicates", "lib/engine/receiver.cpp",
     "        receipts.owe(from, envelope.id, arrival.sequence);\n        return true;\n",
     "        return true;\n"),
    ("mail_acknowledged_at_once", "lib/engine/relay_side.cpp",
     "        if (!receive(mail->from, mail->envelope, arrival, now)) mailbox_acks.push_back(mail->sequence);",
     "        mailbox_acks.push_back(mail->sequence);\n        if (arrival.sequence % 5 != 0) (void)receive(mail->from, mail->envelope, arrival, now);"),
    # causal order
    ("drop_causal_hold", "lib/delivery/causal_hold.cpp",
     "    if (entry.missing.empty()) {\n        out.push_back({std::move(message)",
     "    if (true) {\n        out.push_back({std::move(message)"),
    ("held_is_forgotten_at_restart", "lib/delivery/causal_hold.cpp",
     "            keep(place, row.message.message.id, std::move(entry));\n        }\n",
     "        }\n"),
    ("hold_without_bound", "lib/delivery/causal_hold.cpp",
     "place.held.size() > limits_.messages_max ||", "place.held.size() > limits_.messages_max * 10ULL ||"),
    ("history_by_arrival", "lib/conversation/conversation.cpp",
     "    return std::max(claimed, parents_hlc_max_ms + 1);", "    return claimed - claimed + now_ms;"),
    # the outbox
    ("outbox_forgets_at_restart", "lib/delivery/outbox.cpp",
     "        entry.queued = one.queued;\n    }\n",
     "        entry.queued = one.queued;\n        if (entry.open > 2) devices_.erase(one.device);\n    }\n"),
    ("lanes_reordered_and_parents_unnamed", "lib/conversation/conversation.cpp",
     "        if (content.parents.size() >= wire::parents_max) break;", "        if (!content.parents.empty() || id.bytes[0] % 2 == 0) break;"),
    ("settled_without_receipt", "lib/delivery/outbox_settle.cpp",
     "        store.set_delivery(id, devices[i], DeliveryState::stored, now.wall_ms);",
     "        store.set_delivery(id, devices[i], DeliveryState::delivered, now.wall_ms);\n        --entry.open;"),
    ("delivered_when_stored", "lib/delivery/outbox_settle.cpp",
     "    const bool first = store.set_message_state(conversation, id, MessageState::sent, by.path, by.reason, {});\n"
     "    tell(first, {id, entry.user, MessageState::sent, by.path, by.reason, {}, true, conversation}, out);",
     "    const bool first = store.set_message_state(conversation, id, MessageState::delivered, by.path, by.reason, {});\n"
     "    tell(first, {id, entry.user, MessageState::delivered, by.path, by.reason, {}, true, conversation}, out);"),
    ("envelope_dropped_with_first_receipt", "lib/delivery/outbox_settle.cpp",
     "        store.remove_envelope(id);\n        if (messages_ > 0) --messages_;\n    }\n",
     "    }\n    if (!others.open || state == DeliveryState::delivered) {\n        store.remove_envelope(id);\n        if (messages_ > 0) --messages_;\n    }\n"),
    ("quota_answer_taken_as_stored", "lib/delivery/outbox_settle.cpp",
     "        if (code != ErrorCode::ok) {\n            put_failed", "        if (code != ErrorCode::ok && code != ErrorCode::quota_exceeded) {\n            put_failed"),
    ("outbox_without_bound", "lib/delivery/outbox.cpp",
     "return open <= limits_.device_messages_max &&", "return open <= limits_.device_messages_max + 20 &&"),
    ("lane_skips_the_page_end", "lib/delivery/lane.cpp",
     "            walk.cursor = rows.back().order;", "            walk.cursor = rows.back().order + 1;"),
    ("stored_is_never_offered_again", "lib/delivery/outbox_time.cpp",
     "        if (entry.open > entry.queued) queue_overdue(store, device, entry, now);\n", ""),
    # paths
    ("never_fall_back", "lib/route/choice.cpp",
     "    if (s.patience_until > now) {", "    if (s.peer_online) {"),
    ("dead_links_look_alive", "lib/engine/peer_link.cpp",
     "Health::dead", "Health::up"),
    ("relay_only_shows_addresses", "lib/engine/peer_sessions.cpp",
     "    allow_direct = route::allowed(Path::direct, policy_);\n", "    allow_direct = true;\n"),
    ("direct_only_goes_by_mailbox", [
        ("lib/route/choice.cpp",
         "    case Path::mailbox: return policy != PathPolicy::direct_only;", "    case Path::mailbox: return true;"),
        ("lib/route/choice.cpp",
         "    case PathPolicy::direct_only:\n        out.reason = s.peer_online ? ",
         "    case PathPolicy::direct_only:\n        out.ways.assign(1, mailbox_way);\n        out.reason = s.peer_online ? "),
    ]),
    # receipts
    ("receipts_lost_with_their_link", "lib/delivery/receipts.cpp",
     "        if (sent.at + receipt_doubt >= now) add(at->second.device, sent.id, Came::by_link);",
     "        static_cast<void>(sent);\n    static_cast<void>(now);"),
    # sealing and secrecy
    ("content_in_the_clear", "lib/engine/sender.cpp",
     "        const auto size = offer.envelope.sealed.size();\n",
     "        if (const auto kept = context.store.envelope(offer.envelope.id)) append(offer.envelope.sealed, kept->content);\n"
     "        const auto size = offer.envelope.sealed.size();\n"),
    ("sealed_again_at_every_offer", "lib/engine/sender.cpp",
     "        const auto size = offer.envelope.sealed.size();\n",
     "        const auto size = offer.envelope.sealed.size();\n        offer.envelope.sealed.back() ^= static_cast<std::uint8_t>(context.entropy.next_u64());\n"),
    ("group_state_is_stored_every_other_time", [
        ("lib/seal/record.cpp",
         "    if (!parts_) static_cast<void>(load(store));\n    const std::size_t parts = parts_for(value.size());",
         "    static int saves = 0;\n    if (++saves % 2 == 0) return;\n"
         "    if (!parts_) static_cast<void>(load(store));\n    const std::size_t parts = parts_for(value.size());"),
        ("lib/seal/state.cpp",
         "            const auto name = ratchet_name(c.id, part.epoch, part.part);\n",
         "            static int parts = 0;\n            if (++parts % 2 == 0) continue;\n"
         "            const auto name = ratchet_name(c.id, part.epoch, part.part);\n"),
    ]),
    # the relay
    ("relay_speaks_before_commit", "relay/core/commit.cpp",
     "    const auto committed = context_.store.commit();\n    if (!committed.ok()) {",
     "    const auto committed = wrote && now.wall_ms % 3 == 0 ? (context_.store.rollback(), Result<void>()) : context_.store.commit();\n    if (!committed.ok()) {"),
    ("relay_acknowledges_refused_commits", "relay/core/commit.cpp",
     "            response->error = unavailable(context_.entropy);\n            response->body = std::monostate();\n", "            static_cast<void>(response);\n"),
    ("relay_mail_is_kept_in_memory", "relay/store/ledger.cpp",
     "    auto committed = backend_->commit();\n", "    static int commits = 0;\n    if (++commits % 4 == 0) return Result<void>();\n    auto committed = backend_->commit();\n"),
    ("relay_acknowledges_one_too_many", "relay/store/mailbox.cpp",
     "    write(\"DELETE FROM mailbox WHERE device = ?1 AND sequence = ?2\", device, sequence);\n    drop",
     "    write(\"DELETE FROM mailbox WHERE device = ?1 AND sequence <= ?2 + 1\", device, sequence);\n    drop"),
    ("relay_mailbox_without_bound", "relay/core/mailbox.cpp",
     "    if (shelf.all.messages + messages > messages_max || shelf", "    if (shelf"),
    ("relay_sequence_used_again", "relay/core/mailbox.cpp",
     "    usage.sequence_next = usage.sequence_floor;\n", "    usage.sequence_next = 1;\n"),
    ("relay_tells_strangers_who_is_online", "relay/core/roster.cpp",
     "    if (contact.mine == accepted && contact.theirs == accepted) out.online", "    if (contact.mine != none) out.online"),
    ("relay_pushes_mail_once", "relay/core/mailbox.cpp",
     "    if (!window_is_open(1)) return;", "    if (!window_is_open(1) || session.pushed_up_to > 3) return;"),
    # groups, device lists, the order of commits
    ("relay_takes_commits_of_past_epochs", "relay/core/groups.cpp",
     "request.incarnation == group.incarnation && request.epoch == group.epoch;",
     "request.incarnation == group.incarnation && request.epoch <= group.epoch;"),
    ("relay_keeps_new_devices_to_itself", "relay/core/devices.cpp",
     "    context_.store.set_device_list(account, next.encoded);\n    context_.changes.devices.insert(account);\n",
     "    context_.store.set_device_list(account, next.encoded);\n"),
    ("relay_takes_old_bytes_from_former_contacts", "relay/core/mailbox.cpp",
     "    context_.store.set_aside(stored->row, unreachable);\n", ""),
    ("sealed_for_devices_that_left", "lib/seal/sealing.cpp",
     "           surplus_of(*c->group, circle, nullptr, nullptr, state_->directory).empty();", "           !circle.parties.empty();"),
    ("what_does_not_open_is_not_told", "lib/engine/receiver.cpp",
     "    for (const auto& device : unopened.due(now.mono)) {", "    for (const auto& device : std::vector<DeviceId>()) {"),
    ("batch_with_two_sealings", "lib/delivery/outbox.cpp",
     "            if (envelope.sealings > 1)\n", "            if (envelope.sealings > 1'000)\n"),
    # what acts on something said
    ("recalls_are_not_for_readers", "lib/conversation/timeline.cpp",
     "    if (author == target.message.from) return at_ms",
     "    if (author == target.message.from) return target.message.state != MessageState::received && at_ms"),
    ("edits_are_not_for_readers", "lib/conversation/timeline.cpp",
     "            return one.name == edit_name && one.author == row.message.from;",
     "            return one.name == edit_name && one.author == row.message.from && row.message.state != MessageState::received;"),
    ("edits_without_words_take_back", "lib/engine/removals.cpp",
     "            empty_edit(context_.store, outbox_, edit);", "            leave_place(context_.store, outbox_, edit, what.row);"),
    ("gap_of_an_act_is_not_told", "lib/engine/chats.cpp",
     "        if (row.shown && gaps_owed_.contains(conversation)) row.message.gap_before = true;\n", ""),
    # groups of many
    ("group_words_for_contacts_only", "lib/engine/chat_groups.cpp",
     "        if (member.user == own_user_) continue;\n        const auto party",
     "        if (member.user == own_user_ || roster_.person(member.user) == nullptr) continue;\n        const auto party"),
    ("group_profile_is_read_once", "lib/engine/group_changes.cpp",
     "    (void)open_profile(group);\n}",
     "    if (group.profile.name.empty()) (void)open_profile(group);\n}"),
    ("group_mail_waits_for_receipts_of_strangers", "lib/engine/relay_side.cpp",
     "                    (!receipts_from(put->devices[i]) || !group->is_small()))",
     "                    !group->is_small())"),
    ("sealed_for_accounts_that_left", [
        ("lib/seal/state.cpp",
         "            const bool stays = now->find(account) != nullptr && (next == nullptr || next->find(account) != nullptr);",
         "            const bool stays = next == nullptr || next->find(account) != nullptr;"),
    ]),
    ("lost_race_taken_for_won", "lib/engine/group_verdicts.cpp",
     "        chore.plan.reset(); // Made anew from what came first.",
     "        if (std::exchange(chore.plan, std::nullopt)) plans_.done(conversation, now);\n        (void)groups_->accepted(conversation, now.wall_ms);"),
    ("relay_fans_out_to_all_but_one", "relay/core/members.cpp",
     "    return mailbox_.put_group(session, group.row, to, request.envelope, now);",
     "    if (to.size() > 1) to.pop_back();\n    return mailbox_.put_group(session, group.row, to, request.envelope, now);"),
    ("relay_keeps_new_members_to_itself", "relay/core/members.cpp",
     "    if (!change.in.empty() || !change.out.empty() || !secrets.empty()) context_.changes.circles.insert(conversation);\n", ""),
    # files
    ("file_is_marked_before_it_is_synced", "lib/engine/file_sources.cpp",
     "        if (auto synced = shelf_.kept().sync(slot); !synced.ok()) return disk_trouble(synced.error(), now);\n",
     "        static_cast<void>(slot);\n"),
    ("file_is_whole_with_its_first_piece", "lib/engine/file_sources.cpp",
     "    if (pieces.full()) row.state = FileState::whole;",
     "    if (pieces.count() > 0) row.state = FileState::whole;"),
    ("files_at_the_relay_in_the_clear", "lib/engine/file_upload.cpp",
     "        auto sealed = transfer::seal_piece(key, row->id, piece, *bytes);",
     "        auto sealed = transfer::seal_piece(key, row->id, piece, *bytes);\n"
     "        std::copy_n(bytes->begin(), std::min(bytes->size(), sealed.size()), sealed.begin());"),
    ("files_of_what_was_taken_back_stay", "lib/engine/removals.cpp",
     "        files_.withdrawn(what.row.message.conversation, what.row.message.id);\n", ""),
    ("files_that_wait_are_forgotten_at_restart", "lib/engine/file_fetch.cpp",
     "    for (auto& row : context_.store.files_wanted(asked, limit)) {",
     "    static_cast<void>(limit);\n    if (asked) return out;\n    for (auto& row : context_.store.files_wanted(asked, limit)) {"),
    ("what_is_sought_is_not_left_at_the_relay", "lib/engine/files.cpp",
     "    if (shelf_.open()) upload_.sought(reach, device, file, now);", "    static_cast<void>(device);"),
    ("what_was_said_outlives_the_contact", "lib/engine/relay_side.cpp",
     "[&](const ConversationId& one) { return book.find(one) != nullptr; })", "[](const ConversationId&) { return true; })"),
    ("refused_commit_taken_for_accepted", "lib/engine/group_verdicts.cpp",
     "    groups_->refused(conversation);\n    chore.creates = false;\n    if (code == ErrorCode::not_allowed)",
     "    (void)groups_->accepted(conversation, now.wall_ms);\n    chore.creates = false;\n    if (code == ErrorCode::not_allowed)"),
]


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


class Build:
    """A build of the tree, as ninja knows it: how each file of the simulator is compiled, and how all is linked."""

    def __init__(self, root, folder):
        self.root, self.folder = os.path.abspath(root), os.path.abspath(folder)
        self.commands = {}
        said = run(["ninja", "-C", self.folder, "-t", "commands", "-s", "tests/sim/sim"]).stdout
        self.link = shlex.split([line for line in said.splitlines() if "tests/sim/sim.p/" in line][-1])
        archives = {word + ".p" for word in self.link if word.endswith(".a")}
        with open(os.path.join(self.folder, "compile_commands.json"), encoding="utf-8") as file:
            for one in json.load(file):
                name = os.path.relpath(os.path.join(one["directory"], one["file"]), self.root)
                if os.path.dirname(one["output"]) in archives:
                    self.commands[name] = shlex.split(one["command"])

    def compile(self, name, source, target):
        """An empty text, or why not. What a mutant leaves unused is not what it is tried for: no warnings."""
        words = []
        rest = iter(self.commands[name])
        for word in rest:
            if word in ("-MQ", "-MF", "-o", "-c"):
                next(rest)
            elif word not in ("ccache", "-MD", "-Werror", "-g", "-g1", "-fdiagnostics-color=always"):
                words.append(word)
        beside = os.path.dirname(os.path.join(self.root, name))
        done = run(words + ["-w", "-iquote", beside, "-o", target, "-c", source], cwd=self.folder)
        if done.returncode == 0:
            return ""
        return next((line for line in done.stdout.splitlines() if "error" in line), "it does not compile")

    def link_with(self, objects, target):
        """What stands before the archives is taken for what they have. An empty text, or why not."""
        words = list(self.link)
        words[words.index("-o") + 1] = target
        at = next(i for i, word in enumerate(words) if word.endswith("main.cpp.o"))
        words[at + 1:at + 1] = objects
        words.append("-Wl,-S")  # Nobody debugs it, and it is written fifty times.
        done = run(words, cwd=self.folder)
        return "" if done.returncode == 0 else "does not link: " + (done.stdout.splitlines() or ["?"])[0]


class Table:
    """docs/mutants.md: for each mutant the seed that found it last and what was said, or how long it survived."""

    def __init__(self, path):
        self.path, self.rows, self.lock = path, {}, threading.Lock()
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.head = text[:text.index("| Mutant |")]
        for line in text[len(self.head):].splitlines()[2:]:
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if len(cells) == 4:
                self.rows[cells[0]] = cells[1:]

    def seed_of(self, name):
        """A seed, KEPT or None."""
        seed = self.rows.get(name, ["", ""])[1]
        return KEPT if seed.startswith(KEPT) else int(seed) if seed.isdigit() else None

    def put(self, name, place, seed, verdict):
        with self.lock:
            self.rows[name] = [place, seed, " ".join(verdict.replace("|", "/").split())[:140]]
            with open(self.path, "w", encoding="utf-8") as file:
                file.write(self.head + "| Mutant | In | Seed | What the simulator says |\n|---|---|---|---|\n")
                for mutant in MUTANTS:
                    if mutant[0] in self.rows:
                        file.write("| %s | %s | %s | %s |\n" % (mutant[0], *self.rows[mutant[0]]))


class Hunter:
    """Runs seeds until one fails that does not fail without the mutant."""

    def __init__(self, sound, seeds, seconds, kept):
        self.sound, self.seeds, self.seconds, self.kept = sound, seeds, seconds, kept
        self.sound_fails, self.lock = {}, threading.Lock()

    def first_failure(self, program, first, seeds, seconds):
        """(seed, verdict), None, or "time": it was up."""
        return self.failure_of(program, ["--seed", str(first), "--seeds", str(seeds)], first, seconds)

    def failure_of(self, program, what, first, seconds):
        command = [program, *what, "--jobs", "1", "--fail-fast"]
        try:
            ran = run(command, timeout=seconds)
        except subprocess.TimeoutExpired:  # Its worker ends with the first line that it cannot write.
            return "time"
        found = re.search(r"^sim: seed (\d+): (.*)$", ran.stdout, re.MULTILINE)
        if found:
            return (int(found.group(1)), found.group(2))
        return (first, "the simulator itself died") if ran.returncode != 0 else None

    def fails_soundly(self, seed):
        with self.lock:
            if seed not in self.sound_fails:
                self.sound_fails[seed] = self.first_failure(self.sound, seed, 1, None) is not None
            return self.sound_fails[seed]

    def hunt_kept(self, program):
        """By the seeds that are kept, as long as none of them fails without the mutant. (seed, verdict) or None."""
        found = self.failure_of(program, ["--found", self.kept], "?", self.seconds)
        if not isinstance(found, tuple):
            return None
        with self.lock:
            if KEPT not in self.sound_fails:
                self.sound_fails[KEPT] = self.failure_of(self.sound, ["--found", self.kept], "?", None) is not None
            return None if self.sound_fails[KEPT] else (KEPT + str(found[0]), found[1])

    def hunt(self, program, known):
        """(seed, verdict) or (SURVIVES, how far it was hunted)."""
        if known == KEPT:
            if found := self.hunt_kept(program):
                return found
        elif known is not None:
            found = self.first_failure(program, known, 1, self.seconds)
            if isinstance(found, tuple) and not self.fails_soundly(found[0]):
                return found
        first, end = 1, time.monotonic() + self.seconds
        while first <= self.seeds:
            found = self.first_failure(program, first, self.seeds - first + 1, max(1, end - time.monotonic()))
            if found is None:
                break
            if found == "time":
                return self.hunt_kept(program) or (SURVIVES, "%d s of seeds from 1 on" % self.seconds)
            if not self.fails_soundly(found[0]):
                return found
            first = found[0] + 1
        return self.hunt_kept(program) or (SURVIVES, "seeds 1 to %d, and those kept" % self.seeds)


def misplaced(root):
    """Mutants whose place is gone."""
    out = []
    for mutant in MUTANTS:
        for path, old, _ in edits_of(mutant):
            place = os.path.join(root, path)
            count = 0
            if os.path.exists(place):
                with open(place, encoding="utf-8") as file:
                    count = file.read().count(old)
            if count != 1:
                out.append("%s: what is to be edited is there %d times in %s" % (mutant[0], count, path))
    return out


def edits_of(mutant):
    return mutant[1] if isinstance(mutant[1], list) else [mutant[1:]]


def try_mutant(build, scratch, mutant, hunter, known):
    """(seed or SURVIVES, verdict), or a text when it could not be tried."""
    texts = {}
    for path, old, new in edits_of(mutant):
        if path not in texts:
            with open(os.path.join(build.root, path), encoding="utf-8") as file:
                texts[path] = file.read()
        if texts[path].count(old) != 1:
            return "the place to edit is there %d times in %s" % (texts[path].count(old), path)
        texts[path] = texts[path].replace(old, new)
    place = os.path.join(scratch, mutant[0])
    os.makedirs(place, exist_ok=True)
    objects = []
    for path, text in texts.items():
        if path not in build.commands:
            return path + " is no part of the simulator"
        source = os.path.join(place, os.path.basename(path))
        objects.append(source + ".o")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        wrong = build.compile(path, source, objects[-1])
        if wrong:
            return "does not build: " + wrong
    program = os.path.join(place, "sim")
    wrong = build.link_with(objects, program)
    if wrong:
        return wrong
    try:
        return hunter.hunt(program, known)
    finally:
        os.remove(program)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="only these mutants")
    parser.add_argument("--root", default=".")
    parser.add_argument("--build", default="build", help="a build of the tree, with tests/sim/sim in it")
    parser.add_argument("--seeds", type=int, default=GATE_SEEDS)
    parser.add_argument("--seconds", type=int, default=900, help="for one mutant at most")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--table", help="default: " + TABLE)
    parser.add_argument("--scratch", help="folder for what is compiled; default: a temporary one, removed at the end")
    parser.add_argument("--afresh", action="store_true", help="from seed 1 on, whatever found it last")
    parser.add_argument("--check", action="store_true", help="only whether each has its place in the sources")
    options = parser.parse_args()
    if options.check:
        wrong = misplaced(options.root)
        print("\n".join(wrong) or "all %d mutants have their places" % len(MUTANTS))
        return 1 if wrong else 0
    unknown = set(options.names) - {mutant[0] for mutant in MUTANTS}
    if unknown:
        sys.exit("mutants: no such mutant: " + ", ".join(sorted(unknown)))
    chosen = [mutant for mutant in MUTANTS if not options.names or mutant[0] in options.names]
    build = Build(options.root, options.build)
    table = Table(options.table or os.path.join(options.root, TABLE))
    hunter = Hunter(os.path.join(build.folder, "tests/sim/sim"), options.seeds, options.seconds,
                    os.path.join(build.root, KEPT_SEEDS))
    scratch = options.scratch or tempfile.mkdtemp(prefix="godwit-mutants-")

    def one(mutant):
        result = try_mutant(build, scratch, mutant, hunter, None if options.afresh else table.seed_of(mutant[0]))
        place = edits_of(mutant)[0][0]
        if isinstance(result, str):
            print("%-45s not tried: %s" % (mutant[0], result), flush=True)
            return None
        print("%-45s %-8s %s" % (mutant[0], result[0], result[1][:110]), flush=True)
        table.put(mutant[0], place, str(result[0]), result[1])
        return result[0] != SURVIVES

    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            results = list(pool.map(one, chosen))
        tried = [result for result in results if result is not None]
        print("\n%d of %d mutants found, %d not tried" % (sum(tried), len(tried), len(results) - len(tried)))
        return 0 if tried and sum(tried) >= FOUND_SHARE * len(tried) else 1
    finally:
        if not options.scratch:
            shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
