#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants one bug after the other and asks the simulator to find it: who watches the watchers.

A mutant is an edit of the sources: (name, file, what stands there, what shall stand there), or a name and several such
edits. The tree is copied to a scratch folder outside of it, where each mutant is built, hunted with the gate's seeds
until one fails, and taken back. A mutant whose place is gone says so: mend the edit, or drop it with its reason.

    ./dev sim --mutants [NAME...] [--seeds N] [--jobs J] [--scratch DIR]
    ./dev sim --mutants --check                                             only whether each has its place

Prints a table; exit 1 when fewer than 95 % of the mutants are found (goals.md S2).
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

GATE_SEEDS = 400
FOUND_SHARE = 0.95

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
         "    context.store.mark_seen(from, id, now.wall_ms);\n    if (group != nullptr)\n",
         "    if (group != nullptr)\n"),
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
     "            store.set_delivery(id, devices[i], DeliveryState::stored, now.wall_ms);",
     "            store.set_delivery(id, devices[i], DeliveryState::delivered, now.wall_ms);\n            --entry.open;"),
    ("delivered_when_stored", "lib/delivery/outbox_settle.cpp",
     "    const bool first = store.set_message_state(id, MessageState::sent, by.path, by.reason, {});\n"
     "    tell(first, {id, entry.user, MessageState::sent, by.path, by.reason, {}, true, conversation}, out);",
     "    const bool first = store.set_message_state(id, MessageState::delivered, by.path, by.reason, {});\n"
     "    tell(first, {id, entry.user, MessageState::delivered, by.path, by.reason, {}, true, conversation}, out);"),
    ("envelope_dropped_with_first_receipt", "lib/delivery/outbox_settle.cpp",
     "    if (all_settled) {\n        store.remove_envelope(id);", "    if (all_settled || state == DeliveryState::delivered) {\n        store.remove_envelope(id);"),
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
     "    auto committed = database_.commit();\n", "    static int commits = 0;\n    if (++commits % 4 == 0) return Result<void>();\n    auto committed = database_.commit();\n"),
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
    ("refused_commit_taken_for_accepted", "lib/engine/group_verdicts.cpp",
     "    groups_->refused(conversation);\n    chore.creates = false;",
     "    (void)groups_->accepted(conversation, now.wall_ms);\n    chore.creates = false;"),
]


# What a mutant leaves unused is not what it is tried for. The flags stay those of every other build: ccache knows it.
COMPILER = """#!/bin/sh
%s"$@" 2>/dev/null || exec %s"$@" -Wno-error
"""


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def copy_tree(root, scratch):
    listed = run(["git", "-C", root, "ls-files"])
    if listed.returncode != 0:
        sys.exit("mutants: not a git checkout")
    for name in listed.stdout.splitlines():
        source = os.path.join(root, name)
        if not os.path.isfile(source):
            continue
        target = os.path.join(scratch, name)
        with open(source, "rb") as file:
            text = file.read()
        if os.path.isfile(target):
            with open(target, "rb") as file:
                if file.read() == text:
                    continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file: # With today's time: an older one would not be built.
            file.write(text)


def build(scratch, jobs):
    return run(["ninja", "-C", os.path.join(scratch, "build"), "-j", str(jobs), "tests/sim/sim"])


def hunt(scratch, seeds, jobs):
    """The first seed that fails and its verdict, or None."""
    program = os.path.join(scratch, "build", "tests", "sim", "sim")
    command = [program, "--seeds", str(seeds), "--jobs", str(jobs), "--fail-fast"]
    try:
        ran = run(command, timeout=600)
    except subprocess.TimeoutExpired:
        return ("-", "hangs")
    found = re.search(r"^sim: seed (\d+): (.*)$", ran.stdout, re.MULTILINE)
    if found:
        return (found.group(1), found.group(2))
    return ("-", "the simulator itself died") if ran.returncode not in (0,) else None


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


def try_mutant(scratch, mutant, options):
    """(seed, verdict), None when it survives, or a text when it could not be tried."""
    before = {}
    try:
        for path, old, new in edits_of(mutant):
            place = os.path.join(scratch, path)
            if not os.path.exists(place):
                return path + " is gone"
            with open(place, encoding="utf-8") as file:
                text = file.read()
            if text.count(old) != 1:
                return "the place to edit is there %d times in %s" % (text.count(old), path)
            before.setdefault(place, text)
            with open(place, "w", encoding="utf-8") as file:
                file.write(text.replace(old, new))
        built = build(scratch, options.jobs)
        if built.returncode != 0:
            return "does not build: " + next((line for line in built.stdout.splitlines() if "error" in line), "?")
        return hunt(scratch, options.seeds, options.jobs)
    finally:
        for place, text in before.items():
            with open(place, "w", encoding="utf-8") as file:
                file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="only these mutants")
    parser.add_argument("--root", default=".")
    parser.add_argument("--seeds", type=int, default=GATE_SEEDS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--scratch", help="folder to build in; default: a temporary one, removed at the end")
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

    scratch = options.scratch or tempfile.mkdtemp(prefix="godwit-mutants-")
    try:
        os.makedirs(scratch, exist_ok=True)
        copy_tree(os.path.abspath(options.root), scratch)
        if not os.path.exists(os.path.join(scratch, "build", "build.ninja")):
            compiler = os.path.join(os.path.abspath(scratch), "compiler")
            command = "ccache g++ " if shutil.which("ccache") else "g++ "
            with open(compiler, "w", encoding="utf-8") as file:
                file.write(COMPILER % (command, command))
            os.chmod(compiler, 0o755)
            made = run(["meson", "setup", "build"], cwd=scratch, env=dict(os.environ, CXX=compiler))
            if made.returncode != 0:
                sys.exit("mutants: cannot configure\n" + made.stdout)
        built = build(scratch, options.jobs)
        if built.returncode != 0:
            sys.exit("mutants: the tree does not build\n" + built.stdout[-2000:])
        sound = hunt(scratch, options.seeds, options.jobs)
        if sound:
            sys.exit("mutants: without a mutant seed %s already fails: %s" % sound)
        print("| mutant | file | seed | verdict |\n|---|---|---|---|", flush=True)
        found = tried = 0
        for mutant in chosen:
            result = try_mutant(scratch, mutant, options)
            if isinstance(result, str):
                print("| %s | %s | not tried | %s |" % (mutant[0], edits_of(mutant)[0][0], result), flush=True)
                continue
            tried += 1
            found += result is not None
            seed, verdict = result or ("**survives**", "")
            print("| %s | %s | %s | %s |" % (mutant[0], edits_of(mutant)[0][0], seed, verdict.replace("|", "/")[:110]), flush=True)
        print("\n%d of %d mutants found by seeds 1 to %d, %d not tried" %
              (found, tried, options.seeds, len(chosen) - tried))
        return 0 if tried > 0 and found >= FOUND_SHARE * tried else 1
    finally:
        if not options.scratch:
            shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
