# SPDX-License-Identifier: Apache-2.0
"""UDP for measuring a wire. `echo.py serve IP PORT` answers; `echo.py ask IP PORT COUNT INTERVAL_MS` sends numbered datagrams
and prints JSON: sent, answered, twice, overtaken, and the round trips in ms (min, p50, max)."""

import json
import select
import socket
import statistics
import sys
import time


def serve(ip, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((ip, int(port)))
    print("ready", flush=True)
    while True:
        data, sender = sock.recvfrom(2048)
        sock.sendto(data, sender)


def ask(ip, port, count, interval_ms):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((ip, int(port)))
    count, interval = int(count), float(interval_ms) / 1000
    sent_at, trips, highest, twice, overtaken = {}, {}, -1, 0, 0
    begin, number = time.monotonic(), 0
    deadline = begin + count * interval + 1.5
    while time.monotonic() < deadline:
        due = begin + number * interval
        if number < count and time.monotonic() >= due:
            sent_at[number] = time.monotonic()
            sock.send(number.to_bytes(4, "big") + bytes(96))
            number += 1
            continue
        wait = min(deadline, due if number < count else deadline) - time.monotonic()
        if not select.select([sock], [], [], max(0, wait))[0]:
            continue
        which = int.from_bytes(sock.recv(2048)[:4], "big")
        if which in trips:
            twice += 1
            continue
        trips[which] = (time.monotonic() - sent_at[which]) * 1000
        overtaken += which < highest
        highest = max(highest, which)
    times = sorted(trips.values())
    print(json.dumps({"sent": count, "answered": len(trips), "twice": twice, "overtaken": overtaken,
                      "min": round(times[0], 1), "p50": round(statistics.median(times), 1), "max": round(times[-1], 1)}))


if __name__ == "__main__":
    {"serve": serve, "ask": ask}[sys.argv[1]](*sys.argv[2:])
