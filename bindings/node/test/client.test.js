// SPDX-License-Identifier: Apache-2.0
// The Node.js binding against a real relay. GODWIT_PACKAGE: the package; GODWIT_RELAY: the relay's program.
"use strict";
const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const net = require("node:net");
const os = require("node:os");
const path = require("node:path");
const readline = require("node:readline");
const { test } = require("node:test");
const godwit = require(process.env.GODWIT_PACKAGE);

const WAIT_MS = 150_000;

function folder(t) {
  const name = fs.mkdtempSync(path.join(os.tmpdir(), "godwit-node-"));
  t.after(() => fs.rmSync(name, { recursive: true, force: true }));
  return name;
}

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function relay(t, home) {
  const run = spawn(process.env.GODWIT_RELAY, ["--data", path.join(home, "relay"), "--listen", `127.0.0.1:${await freePort()}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => run.kill());
  for await (const line of readline.createInterface({ input: run.stdout })) if (line.startsWith("ready ")) return line.split(" ")[1];
  throw new Error("the relay did not start");
}

async function opened(t, home, name) {
  const client = await godwit.open(path.join(home, name), { allowLoopback: true });
  t.after(() => client.close());
  return client;
}

/** The next event with these members. */
async function until(client, wanted) {
  const signal = AbortSignal.timeout(WAIT_MS);
  for (;;) {
    const event = await client.nextEvent({ signal });
    assert.ok(event, `closed before ${JSON.stringify(wanted)}`);
    if (Object.entries(wanted).every(([name, value]) => event[name] === value)) return event;
  }
}

const has = (code) => (trouble) => trouble instanceof godwit.GodwitError && trouble.code === code && trouble.detail.length > 10;

test("what godwit cannot read is refused like anything else: no promise stays open", async (t) => {
  const ann = await opened(t, folder(t), "ann");
  const half = "hi \u{1f600}".slice(0, 4);
  const deep = JSON.parse("[".repeat(20) + "]".repeat(20));
  for (const fields of [{ text: half }, { text: "x".repeat(3_000_000) }, { text: deep }, { text: new Array(20_000).fill(0) }])
    await assert.rejects(ann.send({ to: "bob", ...fields }), (trouble) => trouble instanceof godwit.GodwitError);
  assert.equal((await ann.request("status", { id: 7, do: "fly" })).user, "");
  assert.equal((await ann.request("status", { toJSON: () => ({ id: 9 }) })).user, "");
  const home = folder(t);
  for (const passphrase of [half, "a\0b"]) await assert.rejects(godwit.open(home, { passphrase }), has("invalid_argument"));
});

test("waiting for an event ends with its signal, and takes none; an iterator ends while it waits", async (t) => {
  const ann = await opened(t, folder(t), "ann");
  await assert.rejects(ann.nextEvent({ signal: AbortSignal.timeout(1) }), { name: "TimeoutError" });
  await assert.rejects(ann.nextEvent({ signal: AbortSignal.abort() }), { name: "AbortError" });
  const events = ann.events();
  const next = events.next();
  assert.deepEqual(await events.return(5), { value: 5, done: true });
  assert.equal((await next).done, true);
  assert.equal((await events.next()).done, true);
  const waits = ann.nextEvent();
  await ann.close();
  assert.equal(await waits, undefined);
});

/** The package over an addon that answers each request behind so many events as `before` says. */
function over(t, before) {
  const stub = path.join(folder(t), "addon.js");
  fs.writeFileSync(
    stub,
    `let queue = [], watched = null;
     const ring = () => setImmediate(() => { if (watched && queue.length > 0) { watched(); ring(); } });
     exports.open = async () => ({});
     exports.request = (handle, line) => {
       for (let n = exports.before(); n > 0; --n) queue.push('{"event":"presence"}');
       queue.push(JSON.stringify({ id: JSON.parse(line).id, ok: true, user: "" }));
       ring();
       return 0;
     };
     exports.next = () => queue.shift() ?? null;
     exports.watch = (handle, pump) => { watched = pump; ring(); };
     exports.unwatch = () => { watched = null; };
     exports.dealtWith = exports.close = () => {};
     exports.left = () => queue.length;`
  );
  const main = require.resolve(process.env.GODWIT_PACKAGE);
  const own = Object.keys(require.cache).filter((name) => name.startsWith(path.dirname(main)));
  const loaded = own.map((name) => [name, require.cache[name]]);
  for (const name of own) delete require.cache[name];
  const usual = process.env.GODWIT_ADDON;
  process.env.GODWIT_ADDON = stub;
  try {
    const addon = require(stub);
    addon.before = before;
    return { godwit: require(main), addon };
  } finally {
    if (usual === undefined) delete process.env.GODWIT_ADDON;
    else process.env.GODWIT_ADDON = usual;
    for (const [name, module] of loaded) require.cache[name] = module;
  }
}

test("who takes no events is refused when many wait, and what was asked before is answered", async (t) => {
  let events = 5;
  const { godwit: own, addon } = over(t, () => events);
  const ann = await own.open("nowhere");
  let answered = 0;
  const refusal = await (async () => {
    for (; answered < 5_000; ++answered) await ann.status();
  })().catch((trouble) => trouble);
  assert.equal(refusal.code, "busy");
  assert.match(refusal.message, /take events/);
  assert.equal(answered, 3_000); // two thousand until 10,000 events wait, and a thousand more
  events = 0;
  for (let n = 0; n < 1_500; ++n) {
    assert.equal((await ann.nextEvent()).event, "presence"); // who takes some may ask
    assert.equal((await ann.status()).user, "");
  }
  assert.equal(addon.left(), 0);
  await ann.close();
});

test("however many events stand before a reply, it comes", async (t) => {
  const { godwit: own } = over(t, () => 25_000);
  const ann = await own.open("nowhere");
  assert.equal((await ann.status()).user, "");
  await assert.rejects(ann.status(), { code: "busy" });
  for (let n = 0; n < 25_000; ++n) assert.equal((await ann.nextEvent()).event, "presence");
  await ann.close();
});

test("a client that nobody has any more lets its home go, and so does one that was opened for a worker that ended", async (t) => {
  const home = folder(t);
  const script = path.join(home, "goes.js");
  fs.writeFileSync(
    script,
    `const { Worker, isMainThread } = require("node:worker_threads");
     const godwit = require(process.env.GODWIT_PACKAGE);
     const free = async (home) => {
       for (let tries = 0; ; ++tries) {
         global.gc();
         await new Promise((resolve) => setImmediate(resolve));
         try { return await (await godwit.open(home)).close(); } catch (trouble) { if (tries === 200) throw trouble; }
       }
     };
     const lost = async (home) => void (await (await godwit.open(home)).status());
     (async () => {
       await lost(process.argv[2] + "/lost");
       await free(process.argv[2] + "/lost");
       for (let n = 0; n < 4; ++n) {
         const home = process.argv[2] + "/worker" + n;
         const worker = new Worker("require(process.env.GODWIT_PACKAGE).open(" + JSON.stringify(home) + "); require('node:worker_threads').parentPort.postMessage(1)", { eval: true });
         await new Promise((resolve) => worker.once("message", resolve));
         await worker.terminate();
         await free(home);
       }
     })();`
  );
  const run = spawn(process.execPath, ["--expose-gc", script, home], { stdio: "inherit" });
  assert.equal(await new Promise((resolve) => run.once("exit", resolve)), 0);
});

test("version, status, and refusals that say what to do", async (t) => {
  const home = folder(t);
  assert.match(godwit.version(), /^\d+\.\d+\.\d+/);
  const ann = await opened(t, home, "ann");
  const status = await ann.status();
  assert.equal(status.user, "");
  assert.ok(!("ok" in status) && !("id" in status));
  assert.equal(await ann.networkChanged(), undefined);
  await assert.rejects(ann.contacts(), has("not_registered"));
  await assert.rejects(ann.request("fly"), has("unknown_request"));
  await assert.rejects(ann.send({ to: "bob", text: 5 }), has("invalid_argument"));
  await assert.rejects(godwit.open(path.join(home, "ann")), has("storage_in_use"));
  await assert.rejects(godwit.open(path.join(home, "ben"), { storeKey: new Uint8Array(31) }), TypeError);
  await assert.rejects(godwit.open(), TypeError);
});

test("a thousand requests are each answered once, also by close", async (t) => {
  const home = folder(t);
  const ann = await godwit.open(path.join(home, "ann"));
  const asked = Promise.allSettled(Array.from({ length: 1000 }, () => ann.status()));
  await ann.close();
  const answers = await asked;
  for (const { status, reason } of answers) if (status === "rejected") assert.equal(reason.code, "cancelled");
  assert.equal(answers.length, 1000);
  await assert.rejects(ann.status(), has("cancelled"));
  assert.equal(await ann.nextEvent(), undefined);
  await ann.close();
  const again = await opened(t, home, "ann"); // it is really closed
  await again.status();
});

test("a home is checked with its key", async (t) => {
  const home = path.join(folder(t), "ann");
  const storeKey = new Uint8Array(32).fill(7);
  await (await godwit.open(home, { storeKey })).close();
  assert.equal((await godwit.checkHome(home, { storeKey })).sound, true);
  await assert.rejects(godwit.checkHome(home, { storeKey: new Uint8Array(32).fill(8) }), has("wrong_key"));
  assert.equal((await godwit.repairHome(home, { storeKey })).was_sound, true);
});

test("what C would cut off at a NUL is refused", async (t) => {
  const home = path.join(folder(t), "ann");
  await assert.rejects(godwit.open(home, { passphrase: "secret\0tail" }), has("invalid_argument"));
  await assert.rejects(godwit.open(home + "\0x"), has("invalid_argument"));
  await assert.rejects(godwit.checkHome(home, { passphrase: "secret\0tail" }), has("invalid_argument"));
});

test("suspended and resumed", async (t) => {
  const home = folder(t);
  const ann = await opened(t, home, "ann");
  assert.equal(await ann.suspend(), true);
  const other = await opened(t, home, "ann"); // no lock is held
  await assert.rejects(ann.resume(), has("storage_in_use"));
  await other.close();
  const asked = ann.status();
  await ann.resume();
  assert.equal((await asked).user, "");
  ann.trimMemory();
  await ann.close();
  await assert.rejects(ann.resume(), has("cancelled"));
});

/** Two clients at a relay that are each other's contacts. */
async function pair(t, home) {
  const address = await relay(t, home);
  const [ann, ben] = [await opened(t, home, "ann"), await opened(t, home, "ben")];
  await Promise.all([ann.register({ relay: address, user: "ann", password: "a long password" }), ben.register({ relay: address, user: "ben", password: "a long password" })]);
  await ann.contactAdd({ user: "ben" });
  await until(ben, { event: "contact_request", user: "ann" });
  await ben.contactAccept({ user: "ann" });
  await until(ann, { event: "contact_accepted", user: "ben" });
  return [ann, ben];
}

test("what a reply came past is shown again unless the program has seen it", async (t) => {
  const home = folder(t);
  const [ann, ben] = await pair(t, home);
  const sent = [];
  for (const text of ["one", "two", "three"]) sent.push((await ann.send({ to: "ben", text })).message);
  const late = Date.now() + WAIT_MS;
  while ((await ben.history({ with: "ann" })).messages.length < 3) assert.ok(Date.now() < late); // and looks at no event
  await ben.status(); // whose reply stands behind their events
  await until(ben, { event: "message", message: sent[0] });
  await until(ben, { event: "message", message: sent[1] }); // asked for: so the first is dealt with
  await ben.close();
  const again = await opened(t, home, "ben");
  const shown = [];
  while (!shown.includes(sent[2])) shown.push((await until(again, { event: "message" })).message);
  assert.deepEqual(shown, sent.slice(1));
});

test("a call with the program's own sound and pictures", async (t) => {
  const [ann, ben] = await pair(t, folder(t));
  assert.equal(ann.pushAudio("00".repeat(16), new Int16Array(480)), 0);
  assert.equal(ann.pullAudio("rubbish", 480).length, 0);
  assert.throws(() => ann.pushAudio("00".repeat(16), new Uint8Array(480)), TypeError);
  let call;
  try {
    ({ call } = await ann.call({ to: "ben", video: true }));
  } catch (trouble) {
    assert.equal(trouble.code, "unsupported");
    return t.skip("a library without media");
  }
  await until(ben, { event: "call_incoming", call });
  await ben.answer();
  for (const one of [ann, ben]) await until(one, { event: "call_state", call, state: "active" });
  const tone = Int16Array.from({ length: 480 }, (_, i) => Math.round(8000 * Math.sin((2 * Math.PI * 1000 * i) / 48000)));
  const grey = { width: 160, height: 96, i420: new Uint8Array((160 * 96 * 3) / 2).fill(128) };
  assert.equal(ann.pushPicture(call, { ...grey, i420: grey.i420.subarray(1) }), false);
  const late = Date.now() + WAIT_MS;
  let loud = 0;
  let seen = null;
  while (loud < 20 || seen === null) {
    assert.ok(Date.now() < late, `${loud} loud steps, ${seen} seen`);
    ann.pushAudio(call, tone);
    assert.equal(ann.pushPicture(call, grey), true);
    if (Math.max(...ben.pullAudio(call, 480)) > 2000) loud++;
    seen ??= ben.pullPicture(call);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.deepEqual([seen.width, seen.height, seen.i420.length], [160, 96, grey.i420.length]);
  assert.equal(ben.pullPicture(call, "rubbish"), null);
  await ann.hangup();
});

test("two talk, and see what came of it", async (t) => {
  const [ann, ben] = await pair(t, folder(t));
  const text = "从阿拉斯加问候 🐦";
  const { message } = await ann.send({ to: "ben", text, key: "first" });
  const got = await until(ben, { event: "message", message });
  assert.deepEqual([got.from, got.text, got.state], ["ann", text, "received"]);
  assert.ok(["direct", "mailbox"].includes((await until(ann, { event: "message_state", message, state: "delivered" })).path));
  assert.equal((await ann.send({ to: "ben", text, key: "first" })).message, message);
  assert.deepEqual((await ben.history({ with: "ann" })).messages.map((one) => one.text), [text]);
  assert.equal((await ann.safetyNumber({ with: "ben" })).number, (await ben.safetyNumber({ with: "ann" })).number);
});

test("the example chats", async (t) => {
  const home = folder(t);
  const address = await relay(t, home);
  const chat = (name, peer) => {
    fs.writeFileSync(path.join(home, `${name}.password`), `a long password of ${name}\n`);
    const run = spawn(
      process.execPath,
      [path.join(__dirname, "..", "examples", "chat.js"), "--home", path.join(home, name), "--relay", address, "--user", name, "--password-file", path.join(home, `${name}.password`), "--register", "--loopback", peer],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    t.after(() => run.kill("SIGKILL"));
    const lines = readline.createInterface({ input: run.stdout })[Symbol.asyncIterator]();
    const line = async (wanted) => {
      for (;;) {
        const { value, done } = await lines.next();
        assert.ok(!done, `${name} ended before it said ${wanted}`);
        if (value.includes(wanted)) return value;
      }
    };
    return { run, line, ended: new Promise((resolve) => run.on("exit", resolve)) };
  };
  const [ann, ben] = [chat("ann", "ben"), chat("ben", "ann")];
  await Promise.all([ann.line("you can write"), ben.line("you can write")]);
  ann.run.stdin.write("Hello from Alaska\n");
  await Promise.all([ben.line("]: Hello from Alaska"), ann.line("✓✓")]);
  for (const one of [ann, ben]) one.run.stdin.end();
  assert.deepEqual(await Promise.all([ann.ended, ben.ended]), [0, 0]);
});
