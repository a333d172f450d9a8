# SPDX-License-Identifier: Apache-2.0
"""A TURN client that asks for what it should not get (RFC 8656): just enough of STUN for the lab.

    turn_client.py SERVER PORT USER PASSWORD udp|tcp        reads lines from stdin, answers one line each:

    permit ADDRESS...     CreatePermission for all of them        -> "0" or the error code, "-1" silence
    bind NUMBER ADDRESS PORT                                      -> likewise
    send ADDRESS PORT TEXT                                        -> "sent": a Send indication has no answer
    data NUMBER TEXT      ChannelData                             -> "sent"
    heard                 payloads that came from peers so far    -> as JSON
"""

import hashlib
import hmac
import ipaddress
import json
import os
import socket
import struct
import sys
import time

COOKIE = 0x2112A442
ALLOCATE, PERMISSION, BIND, SEND = 0x003, 0x008, 0x009, 0x016
USERNAME, INTEGRITY, ERROR, CHANNEL, LIFETIME, PEER, DATA, REALM, NONCE, TRANSPORT, ADDITIONAL_FAMILY = (
    0x0006, 0x0008, 0x0009, 0x000C, 0x000D, 0x0012, 0x0013, 0x0014, 0x0015, 0x0019, 0x8000)
ANSWER_SECONDS = 3


def attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def xor_address(address, port, transaction):
    """RFC 8489 section 14.2. As the address is spelled: a v4-mapped one stays IPv6."""
    ip = ipaddress.ip_address(address).packed
    mask = struct.pack("!I", COOKIE) + transaction
    return (struct.pack("!BBH", 0, 1 if len(ip) == 4 else 2, port ^ (COOKIE >> 16)) +
            bytes(a ^ b for a, b in zip(ip, mask)))


def attributes(message):
    at, out = 20, {}
    while at + 4 <= len(message):
        kind, length = struct.unpack_from("!HH", message, at)
        out.setdefault(kind, message[at + 4:at + 4 + length])
        at += 4 + length + -length % 4
    return out


class Client:
    def __init__(self, server, port, user, password, transport):
        self.stream = transport == "tcp"
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM if self.stream else socket.SOCK_DGRAM)
        self.socket.connect((server, port))
        self.user, self.password = user.encode(), password.encode()
        self.realm = self.nonce = self.key = None
        self.buffer, self.heard = b"", []

    def request(self, method, fields):
        transaction = os.urandom(12)
        body = b"".join(field(transaction) if callable(field) else field for field in fields)
        if self.key:
            body += attribute(USERNAME, self.user) + attribute(REALM, self.realm) + attribute(NONCE, self.nonce)
            head = struct.pack("!HHI", method, len(body) + 24, COOKIE) + transaction
            body += attribute(INTEGRITY, hmac.new(self.key, head + body, "sha1").digest())
        self.socket.sendall(struct.pack("!HHI", method, len(body), COOKIE) + transaction + body)
        end = time.monotonic() + ANSWER_SECONDS
        while True:
            message = self.receive(end - time.monotonic())
            if message is None:
                return -1, {}
            if message[8:20] == transaction:
                found = attributes(message)
                error = found.get(ERROR)
                return (error[2] * 100 + error[3] if error else 0), found

    def receive(self, seconds):
        """The next answer; what peers say on the way is put aside."""
        while True:
            self.socket.settimeout(max(0.01, seconds))
            try:
                got = self.socket.recv(65536)
            except (TimeoutError, ConnectionError):
                return None
            if not got:
                return None
            for message in self.messages(got):
                kind, length = struct.unpack_from("!HH", message)
                if kind & 0xC000:  # ChannelData
                    self.heard.append(message[4:4 + length].decode(errors="replace"))
                elif kind == 0x0017:
                    self.heard.append(attributes(message).get(DATA, b"").decode(errors="replace"))
                else:
                    return message

    def messages(self, got):
        if not self.stream:
            return [got]
        self.buffer += got
        out = []
        while len(self.buffer) >= 4:
            kind, length = struct.unpack_from("!HH", self.buffer)
            size = 4 + length + -length % 4 if kind & 0xC000 else 20 + length
            if len(self.buffer) < size:
                break
            out.append(self.buffer[:size])
            self.buffer = self.buffer[size:]
        return out

    def allocate(self):
        fields = [attribute(TRANSPORT, b"\x11\0\0\0"), attribute(ADDITIONAL_FAMILY, b"\x02\0\0\0")]
        code, found = self.request(ALLOCATE, fields)
        if code != 401:
            return code
        self.realm, self.nonce = found[REALM], found[NONCE]
        self.key = hashlib.md5(self.user + b":" + self.realm + b":" + self.password).digest()
        return self.request(ALLOCATE, fields)[0]

    def permit(self, addresses):
        peers = [lambda t, a=a: attribute(PEER, xor_address(a, 9, t)) for a in addresses]
        return self.request(PERMISSION, peers)[0]

    def bind(self, number, address, port):
        return self.request(BIND, [attribute(CHANNEL, struct.pack("!HH", number, 0)),
                                   lambda t: attribute(PEER, xor_address(address, port, t))])[0]

    def send(self, address, port, text):
        transaction = os.urandom(12)
        body = attribute(PEER, xor_address(address, port, transaction)) + attribute(DATA, text.encode())
        self.socket.sendall(struct.pack("!HHI", SEND, len(body), COOKIE) + transaction + body)

    def data(self, number, text):
        message = struct.pack("!HH", number, len(text)) + text.encode()
        self.socket.sendall(message + (bytes(-len(message) % 4) if self.stream else b""))


def main():
    server, port, user, password, transport = sys.argv[1:]
    client = Client(server, int(port), user, password, transport)
    print(client.allocate(), flush=True)
    for line in sys.stdin:
        verb, *words = line.split()
        if verb == "permit":
            answer = client.permit(words)
        elif verb == "bind":
            answer = client.bind(int(words[0]), words[1], int(words[2]))
        elif verb == "send":
            client.send(words[0], int(words[1]), words[2])
            answer = "sent"
        elif verb == "data":
            client.data(int(words[0]), words[1])
            answer = "sent"
        else:
            client.receive(0.3)
            answer = json.dumps(client.heard)
        print(answer, flush=True)


if __name__ == "__main__":
    main()
