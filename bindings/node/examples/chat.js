#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// A chat with one contact, in a terminal.
//
//   chat.js --home alice --relay godwit://HOST:PORT#KEY --user alice --password-file FILE [--register] [--loopback] bob
//
// A line is a message. The contact is asked for, and accepted, when it is none yet. Ends with the end of input.
"use strict";
const fs = require("node:fs");
const readline = require("node:readline");
const { parseArgs } = require("node:util");
const godwit = require(process.env.GODWIT_PACKAGE ?? "godwit");

const text = { type: "string" };
const flag = { type: "boolean", default: false };
const {
  values: given,
  positionals: [peer],
} = parseArgs({ options: { home: text, relay: text, user: text, "password-file": text, register: flag, loopback: flag }, allowPositionals: true });

/** A contact since an earlier run, or asked for now. */
async function befriend(me, ready, online) {
  const { contacts } = await me.contacts();
  if (contacts.some((one) => one.user === peer && one.state === "accepted")) return ready();
  if (!online) return;
  await me.contactAdd({ user: peer }).catch((trouble) => {
    if (trouble.code !== "no_such_user") throw trouble;
    console.log(`there is no ${peer} yet: waiting until they ask`);
  });
}

async function show(me, ready) {
  for await (const event of me.events())
    switch (event.event) {
      case "connected":
        befriend(me, ready, true).catch((trouble) => console.log(`not asked yet: ${trouble.detail}`));
        break;
      case "message":
        console.log(`${event.from} [${event.path}]: ${event.text}`);
        break;
      case "message_state":
        if (event.state === "delivered") console.log(`✓✓ ${event.path} (${event.reason})`);
        if (event.state === "failed") console.log(`not delivered: ${event.reason}`);
        break;
      case "contact_request":
        if (event.user === peer) await me.contactAccept({ user: peer }).then(ready);
        break;
      case "contact_accepted":
        if (event.user === peer) ready();
        break;
      case "security":
        console.log(`security: ${event.kind} (${event.user})`);
        break;
      case "disconnected":
        console.log(`offline: ${event.error.detail}`);
        break;
    }
}

async function main() {
  const account = { relay: given.relay, user: given.user, password: fs.readFileSync(given["password-file"], "utf8").split("\n")[0] };
  const me = await godwit.open(given.home, { allowLoopback: given.loopback });
  try {
    if ((await me.status()).user === "") await (given.register ? me.register(account) : me.login(account));
    await new Promise((ready, fail) => {
      show(me, ready).catch(fail);
      befriend(me, ready, false).catch(fail);
    });
    console.log(`you can write to ${peer}`);
    for await (const line of readline.createInterface({ input: process.stdin })) if (line) await me.send({ to: peer, text: line });
  } finally {
    await me.close();
  }
}

main().catch((trouble) => {
  console.error(`chat: ${trouble.message}`);
  process.exitCode = 1;
});
