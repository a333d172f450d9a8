# SPDX-License-Identifier: Apache-2.0
"""A receiver of webhooks: checks the signature by itself, and prints "VERB TARGET" of what it was told.

hook_receiver.py PORT_FILE [FAILURES]: writes its port there, refuses the first FAILURES requests (503), ends when its
input does.
"""

import hashlib
import hmac
import http.server
import json
import os
import sys
import threading

SECRET = b"the secret of the test"
failures = int(sys.argv[2]) if len(sys.argv) > 2 else 0


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        global failures
        body = self.rfile.read(int(self.headers["content-length"]))
        if failures > 0:
            failures -= 1
            print("refused", flush=True)
            return self.answer(503)
        fields = dict(part.split("=", 1) for part in self.headers["godwit-signature"].split(","))
        expected = hmac.new(SECRET, fields["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, fields["v1"]):
            print("forged", flush=True)
            return self.answer(401)
        said = json.loads(body)
        if said.get("question") == "registration":
            print("asked", said["user"], "from", said["address"], flush=True)
            return self.answer(200, json.dumps({"allow": said["user"] != "eve"}).encode())
        print(said["verb"], said["target"], flush=True)
        return self.answer(204)

    def log_message(self, *_):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    with open(sys.argv[1] + ".new", "w") as out:
        out.write(str(server.server_address[1]))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
