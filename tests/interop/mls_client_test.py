#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Members of one group in processes of their own, who have nothing of each other but MLSMessages.

    mls_client_test.py --client PATH [NAME...]

Each story is told for every suite, and with handshakes as PublicMessages and as PrivateMessages.
"""
import argparse
import json
import subprocess
import sys


class Client:
    """One mls_client. client.verb(field=...) is its reply; client.fails(error, verb, ...) one that must be refused."""

    def __init__(self, path, name):
        self.name = name
        self.identity = name.encode().hex()
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, verb, **fields):
        self.process.stdin.write(json.dumps({"do": verb, **fields}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def ok(self, verb, **fields):
        reply = self.ask(verb, **fields)
        assert reply.pop("ok"), f"{self.name}: {verb}: {reply}"
        return reply

    def fails(self, error, verb, **fields):
        reply = self.ask(verb, **fields)
        assert reply == {"ok": False, "error": error}, f"{self.name}: {verb}: {reply}, and not {error}"

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0, self.name


class Party:
    """Clients in one group, by name; `state` of each is what it is in."""

    def __init__(self, path, suite, encrypt):
        self.path, self.suite, self.encrypt = path, suite, encrypt
        self.clients = {}
        self.state = {}

    def client(self, name):
        if name not in self.clients:
            self.clients[name] = Client(self.path, name)
        return self.clients[name]

    def on(self, name, verb, **fields):
        return self.client(name).ok(verb, state=self.state[name], **fields)

    def found(self, name, **fields):
        one = self.client(name)
        self.state[name] = one.ok("create_group", group_id="c0ffee", cipher_suite=self.suite, identity=one.identity,
                                  encrypt_handshake=self.encrypt, **fields)["state"]

    def package(self, name):
        one = self.client(name)
        return one.ok("create_key_package", cipher_suite=self.suite, identity=one.identity)

    def join(self, name, package, made, verb="join_group", **fields):
        beside = {"ratchet_tree": made["ratchet_tree"]} if "ratchet_tree" in made else {}
        self.state[name] = self.client(name).ok(verb, transaction=package["transaction"], welcome=made["welcome"],
                                                encrypt_handshake=self.encrypt, **beside, **fields)["state"]

    def commit(self, by, proposals=(), gone=(), **fields):
        """By `by`, taken by everybody but those in `gone`, who are put out by it."""
        made = self.on(by, "commit", by_reference=list(proposals), **fields)
        for name in list(self.state):
            if name == by:
                self.on(name, "handle_pending_commit")
                continue
            after = self.on(name, "handle_commit", proposals=list(proposals), commit=made["commit"])
            assert after["left"] == (name in gone), f"{name}: {after}"
            if after["left"]:
                del self.state[name]
        return made

    def add(self, by, *names, **fields):
        packages = {name: self.package(name) for name in names}
        made = self.commit(by, by_value=[{"proposal_type": "add", "key_package": package["key_package"]}
                                         for package in packages.values()], **fields)
        for name, package in packages.items():
            self.join(name, package, made)
        self.agree()

    def agree(self):
        """In one epoch, with one secret; and what anybody says all the others read, once."""
        secrets = {self.on(name, "state_auth")["state_auth_secret"] for name in self.state}
        exported = {self.on(name, "export", label="interop", context="aa", key_length=40)["exported_secret"]
                    for name in self.state}
        assert len(secrets) == len(exported) == 1, f"{secrets} {exported}"
        for by in self.state:
            said = self.on(by, "protect", plaintext=self.client(by).identity, authenticated_data="0102")["ciphertext"]
            assert said.startswith("00010002"), said  # mls10, a PrivateMessage
            for name in self.state:
                if name == by:
                    continue
                heard = self.on(name, "unprotect", ciphertext=said)
                assert heard == {"plaintext": self.client(by).identity, "authenticated_data": "0102"}, heard
                self.client(name).fails("generation_used", "unprotect", state=self.state[name], ciphertext=said)

    def close(self):
        for one in self.clients.values():
            one.close()


# ---- stories ------------------------------------------------------------------------------------

def by_value(party):
    party.found("alice")
    party.add("alice", "bob", "carol")
    party.add("bob", "dave", external_tree=True, force_path=True)
    made = party.commit("carol", force_path=True)  # fresh keys
    assert made["commit"].startswith("00010002" if party.encrypt else "00010001"), made["commit"][:8]
    party.agree()
    party.commit("dave", by_value=[{"proposal_type": "remove", "removed_id": party.client("alice").identity}],
                 gone=["alice"])
    party.agree()


def by_reference(party):
    party.found("alice")
    party.add("alice", "bob", "carol")
    erin = party.package("erin")
    proposals = [party.on("bob", "propose", proposal_type="add", key_package=erin["key_package"],
                          authenticated_data="ad01")["proposal"],
                 party.on("carol", "propose", proposal_type="update", authenticated_data="ad02")["proposal"]]
    if not party.encrypt:  # An open one may come twice; a sealed one takes a key, and the commit brings it again.
        assert [party.on("alice", "process", message=one)["authenticated_data"] for one in proposals] == ["ad01", "ad02"]
    for proposal in proposals:
        assert proposal.startswith("00010002" if party.encrypt else "00010001"), proposal[:8]
    made = party.commit("alice", proposals)
    party.join("erin", erin, made)
    party.agree()
    remove = party.on("erin", "propose", proposal_type="remove", removed_id=party.client("bob").identity)["proposal"]
    # Who is to go does not take itself out.
    party.client("bob").fails("remove_committer", "commit", state=party.state["bob"],
                              by_value=[{"proposal_type": "remove", "removed_id": party.client("bob").identity}])
    party.commit("carol", [remove], gone=["bob"])
    party.agree()


def psks(party):
    party.found("alice")
    party.add("alice", "bob")
    for name in party.state:
        party.client(name).ok("store_psk", psk_id="05", psk_secret="77" * 32)
    party.commit("alice", by_value=[{"proposal_type": "external_psk", "psk_id": "05"}])
    party.agree()
    epoch = party.on("bob", "describe")["epoch"]
    party.commit("bob", by_value=[{"proposal_type": "resumption_psk", "epoch": epoch - 1}])
    party.agree()
    party.client("alice").ok("store_psk", psk_id="06", psk_secret="88" * 32)
    made = party.on("alice", "commit", by_value=[{"proposal_type": "external_psk", "psk_id": "06"}])
    party.client("bob").fails("psk_not_found", "handle_commit", state=party.state["bob"], commit=made["commit"])
    party.client("bob").ok("store_psk", psk_id="06", psk_secret="99" * 32)
    party.client("bob").fails("bad_confirmation_tag", "handle_commit", state=party.state["bob"], commit=made["commit"])
    party.agree()


def from_outside(party):
    party.found("alice")
    party.add("alice", "bob")
    shown = party.on("bob", "group_info", external_tree=True)
    dan = party.client("dan")
    made = dan.ok("external_join", identity=dan.identity, encrypt_handshake=party.encrypt, **shown)
    assert made["commit"].startswith("00010001"), "who joins from outside has no keys yet"
    for name in party.state:
        party.on(name, "handle_commit", commit=made["commit"])
    party.state["dan"] = made["state"]
    party.agree()
    # Dan has lost everything, and comes back in the place of what he was.
    made = dan.ok("external_join", identity=dan.identity, remove_prior=True, encrypt_handshake=party.encrypt,
                  **party.on("alice", "group_info"))
    for name in ("alice", "bob"):
        party.on(name, "handle_commit", commit=made["commit"])
    party.state["dan"] = made["state"]
    assert len(party.on("dan", "describe")["members"]) == 3
    party.agree()
    # Erin asks to be taken in.
    erin = party.client("erin")
    asks = erin.ok("new_member_add_proposal", identity=erin.identity, authenticated_data="ad03",
                   group_info=party.on("alice", "group_info")["group_info"])
    assert party.on("alice", "process", message=asks["proposal"])["authenticated_data"] == "ad03"
    made = party.commit("bob", [asks["proposal"]])
    party.join("erin", asks, made)
    party.agree()


def external_senders(party):
    party.found("alice")
    party.add("alice", "bob", "carol")
    server = party.client("server")
    signer = server.ok("create_external_signer", cipher_suite=party.suite, identity=server.identity)
    party.commit("alice", by_value=[{"proposal_type": "add_external_signer",
                                     "external_sender": signer["external_sender"]}])
    party.agree()
    info = party.on("alice", "group_info")["group_info"]
    carols = [one["leaf"] for one in party.on("alice", "describe")["members"]
              if one["identity"] == party.client("carol").identity]
    out = server.ok("external_signer_proposal", signer=signer["signer"], signer_index=0, group_info=info,
                    description={"proposal_type": "remove", "removed_leaf": carols[0]})["proposal"]
    party.commit("bob", [out], gone=["carol"])
    party.agree()
    stranger = server.ok("create_external_signer", cipher_suite=party.suite, identity="00")
    dan = party.package("dan")
    bad = server.ok("external_signer_proposal", signer=stranger["signer"], signer_index=0,
                    group_info=party.on("alice", "group_info")["group_info"],
                    description={"proposal_type": "add", "key_package": dan["key_package"]})["proposal"]
    party.client("bob").fails("bad_signature", "process", state=party.state["bob"], message=bad)
    good = server.ok("external_signer_proposal", signer=signer["signer"], signer_index=0,
                     group_info=party.on("alice", "group_info")["group_info"],
                     description={"proposal_type": "add", "key_package": dan["key_package"]})["proposal"]
    party.join("dan", dan, party.commit("alice", [good]))
    party.agree()


def reinitialised(party):
    party.found("alice")
    party.add("alice", "bob", "carol")
    other = {1: 2, 2: 3, 3: 1}[party.suite]
    party.commit("alice", by_value=[{"proposal_type": "re_init", "group_id": "beef", "cipher_suite": other}])
    party.client("bob").fails("group_reinitialized", "protect", state=party.state["bob"], plaintext="00")
    packages = {name: party.on(name, "re_init_key_package") for name in ("alice", "bob")}
    party.client("carol").fails("reinit_member_missing", "re_init_welcome", state=party.state["carol"],
                                key_packages=[packages["alice"]["key_package"]])
    made = party.on("carol", "re_init_welcome", key_packages=[one["key_package"] for one in packages.values()])
    party.state["carol"] = made["state"]
    for name, package in packages.items():
        party.join(name, package, made, verb="handle_re_init_welcome")
    assert party.on("bob", "describe")["cipher_suite"] == other
    party.agree()


def branched(party):
    party.found("alice")
    party.add("alice", "bob", "carol")
    package = party.package("bob")
    # A key of its own, so that it is another client than the member: not in this branch.
    party.client("alice").fails("branch_member_foreign", "create_branch", state=party.state["alice"], group_id="b1",
                                key_packages=[party.package("mallory")["key_package"]])
    made = party.on("alice", "create_branch", group_id="b1", key_packages=[package["key_package"]])
    main = dict(party.state)
    party.state = {"alice": made["state"]}
    party.state["bob"] = party.client("bob").ok("handle_branch", state=main["bob"], transaction=package["transaction"],
                                                welcome=made["welcome"], ratchet_tree=made["ratchet_tree"],
                                                encrypt_handshake=party.encrypt)["state"]
    party.agree()
    party.state = main
    party.agree()


def nonsense(party):
    party.found("alice")
    party.add("alice", "bob")
    one = party.client("bob")
    state = party.state["bob"]
    one.fails("truncated", "process", state=state, message="00")
    one.fails("unknown_wire_format", "process", state=state, message="0001ffff00")
    one.fails("message: hexadecimal", "process", state=state, message="0")
    one.fails("message: missing", "process", state=state)
    one.fails("state: none of this number", "process", state=99, message="00")
    one.fails("do: a verb that is known", "sing")
    one.fails("unsupported_cipher_suite", "create_key_package", cipher_suite=7, identity="00")
    one.fails("welcome: another kind of MLSMessage", "join_group", welcome=party.package("bob")["key_package"],
              transaction=party.package("bob")["transaction"])
    one.process.stdin.write("no JSON at all\n")
    one.process.stdin.flush()
    assert json.loads(one.process.stdout.readline())["ok"] is False
    # A commit that two make: the second one goes on from the first.
    ours, theirs = party.on("bob", "commit", force_path=True), party.on("alice", "commit", force_path=True)
    party.on("alice", "handle_commit", commit=ours["commit"])
    party.on("bob", "handle_pending_commit")
    party.client("bob").fails("wrong_epoch", "handle_commit", state=state, commit=theirs["commit"])
    party.client("alice").fails("state: no commit is pending", "handle_pending_commit", state=party.state["alice"])
    party.on("bob", "save_and_load")
    party.agree()


STORIES = [by_value, by_reference, psks, from_outside, external_senders, reinitialised, branched, nonsense]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--client", required=True)
    arguments.add_argument("names", nargs="*")
    options = arguments.parse_args()
    told = 0
    for story in STORIES:
        if options.names and story.__name__ not in options.names:
            continue
        for suite in (1, 2, 3):
            for encrypt in (False, True):
                print(f"{story.__name__}: suite {suite}, handshakes {'Private' if encrypt else 'Public'}Message",
                      flush=True)
                party = Party(options.client, suite, encrypt)
                story(party)
                party.close()
                told += 1
    print(f"{told} stories")
    return 0 if told else 1


if __name__ == "__main__":
    sys.exit(main())
