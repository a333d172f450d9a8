#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 of either client or the relay in mid-conversation: nothing accepted is lost, nothing is in a history twice, the order
of each writer is kept. The oracle is this process: it knows what was accepted, through the clients' own pipes.

    crash_test.py --relay … --client … [--kills N of each, default 2] [--seed S]
"""
import random
import threading
import time

from world import check, main
from writers import Writer, check_histories, wait_until_delivered


def crashes(world):
    relay = world.relay()
    alice, bob = world.pair(relay)
    lock = threading.Lock()
    writers = [Writer(alice, "bob", lock), Writer(bob, "alice", lock)]
    victims = [alice, bob, relay] * world.given.kills
    random.shuffle(victims)
    for writer in writers:
        writer.start()
    for victim in victims:
        time.sleep(0.1 + random.random() * 0.8)
        if random.random() < 0.4:  # some of the time the mailbox carries it
            for one in (alice, bob):
                one.post("fault", drop_direct=random.random() < 0.7)
        time.sleep(random.random() * 0.2)
        if victim is relay:
            relay.kill()
            time.sleep(random.random() * 0.5)
            relay.start()
        else:
            with lock:
                victim.kill()
                victim.start()
    time.sleep(0.5)
    for writer in writers:
        writer.stop.set()
    for writer in writers:
        writer.join(90)
        check(writer.trouble is None, f"{writer.client.name}: {writer.trouble}")
        check(not writer.is_alive(), f"{writer.client.name} hangs")
        check(len(writer.accepted) > len(victims), f"{writer.client.name}: too few to prove anything: {len(writer.accepted)}")
    for one in (alice, bob):
        one.ok("fault", drop_direct=False)
        one.ok("network_changed")

    wait_until_delivered((alice, bob))
    check_histories(alice, bob, writers)
    print(f"{len(victims)} kills, {sum(len(w.accepted) for w in writers)} messages, all there, once, in order")


main([crashes], lambda parser: parser.add_argument("--kills", type=int, default=2, help="of each: sender, receiver, relay"))
