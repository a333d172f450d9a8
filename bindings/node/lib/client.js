// SPDX-License-Identifier: Apache-2.0
// Client: an account's device in a Node.js program.
//
//   request method -> addon.request ------+
//                                         | godwit's own thread
//   promise / events() <- #pump <- watch <+
//
// Nothing is taken from godwit before somebody wants it, and a program that takes no events makes the other side wait
// instead of filling memory. Events that stand before a reply are taken with it and wait here; each is dealt with when
// the program has asked for the one after it.
"use strict";
const path = require("node:path");
const { errorNumbers, requests } = require("./schema.js");

const addon = require(process.env.GODWIT_ADDON ?? path.join(__dirname, "..", "prebuilds", `${process.platform}-${process.arch}`, "godwit.node"));

/** Events that wait here while replies behind them are asked for. Past it whoever takes no events is refused (`busy`), past twice as many everybody,
 * until events are taken. What was asked before is answered in any case. */
const EVENTS_MAX = 10_000;
/** So many requests after the last event that was taken belong to somebody who takes events; more do not. */
const ASKED_MAX = 1_000;

class GodwitError extends Error {
  constructor(code, detail, retryMs = 0) {
    super(`${code}: ${detail}`);
    this.name = "GodwitError";
    this.code = code;
    this.detail = detail;
    this.retryMs = retryMs;
  }
  get number() {
    return errorNumbers[this.code] ?? errorNumbers.internal;
  }
  static of({ code, detail, retry }) {
    return new GodwitError(code, detail, retry);
  }
}

const refused = (text) => {
  throw typeof text === "string" ? GodwitError.of(JSON.parse(text)) : text;
};
const codeOf = (number) => Object.keys(errorNumbers).find((name) => errorNumbers[name] === number) ?? "internal";
const closed = () => new GodwitError("cancelled", "the client is closed");

/** What a text of C would cut off, and UTF-8 has no bytes for: of a passphrase the rest would protect nothing. */
function whole(options) {
  for (const name of ["home", "passphrase", "clientVersion"])
    if (/[\0\p{Surrogate}]/u.test(String(options[name] ?? "")))
      throw new GodwitError("invalid_argument", `${name}: without NUL characters and halves of surrogate pairs`);
  return options;
}

class Client {
  #handle;
  #nextId = 1;
  #pending = new Map(); // id -> {resolve, reject}
  #events = [];
  #asked = 0; // while many events wait, since one was taken
  #shown = 0; // messages that the program has, and has not asked for more since
  #listeners = []; // resolve functions of next()
  #watching = false;
  #closing;

  constructor(handle) {
    this.#handle = handle;
  }

  static async open(home, options = {}) {
    if (typeof home !== "string") throw new TypeError("home: a folder, as a string");
    return new Client(await addon.open(whole({ ...options, home })).catch(refused));
  }

  // ---- requests

  request(name, fields = {}) {
    return new Promise((resolve, reject) => {
      if (this.#closing) return reject(closed());
      const waiting = this.#events.length;
      if (waiting >= 2 * EVENTS_MAX || (waiting >= EVENTS_MAX && ++this.#asked > ASKED_MAX))
        return reject(new GodwitError("busy", `${waiting} events wait: take events, then repeat`, 50));
      const id = this.#nextId++;
      const given = typeof fields.toJSON === "function" ? fields.toJSON() : fields;
      // The id stands first, so that it is read even where the rest cannot be; no field takes its place.
      const { id: _id, do: _do, ...rest } = given;
      const fieldsText = JSON.stringify(rest).slice(1);
      const line = `{"id":${id},"do":${JSON.stringify(String(name))}${fieldsText === "}" ? "" : ","}${fieldsText}`;
      const code = addon.request(this.#handle, line);
      if (code > 0) return reject(new GodwitError(codeOf(code), "the request was not taken: take events, then repeat", code === errorNumbers.busy ? 50 : 0));
      this.#pending.set(id, { resolve, reject });
      this.#look();
    });
  }

  // ---- events

  async nextEvent({ signal } = {}) {
    signal?.throwIfAborted();
    if (this.#shown > 0 && !this.#closing) addon.dealtWith(this.#handle, this.#shown);
    this.#shown = 0;
    this.#asked = 0;
    if (this.#events.length > 0) {
      const event = this.#show(this.#events.shift());
      this.#look();
      return event;
    }
    if (this.#closing) return undefined;
    return new Promise((resolve, reject) => {
      const listener = (event) => {
        signal?.removeEventListener("abort", abort);
        resolve(event);
      };
      const abort = () => {
        this.#listeners.splice(this.#listeners.indexOf(listener), 1);
        this.#look();
        reject(signal.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#listeners.push(listener);
      this.#look();
    });
  }

  events() {
    const stop = new AbortController();
    const { signal } = stop;
    const over = { value: undefined, done: true };
    return {
      next: async () => {
        if (signal.aborted) return over;
        const value = await this.nextEvent({ signal }).catch((thrown) => {
          if (!signal.aborted) throw thrown;
        });
        return value === undefined ? over : { value, done: false };
      },
      return: async (value) => {
        stop.abort();
        return { value, done: true };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  [Symbol.asyncIterator]() {
    return this.events();
  }

  #show(event) {
    if (event.event === "message") this.#shown++;
    return event;
  }

  get #wanted() {
    if (this.#closing) return false;
    return this.#pending.size > 0 || this.#listeners.length > 0;
  }

  /** Watches the descriptor while something is wanted, and only then: an idle client keeps no program alive. */
  #look() {
    const wanted = this.#wanted;
    if (wanted === this.#watching) return;
    this.#watching = wanted;
    if (wanted) addon.watch(this.#handle, () => this.#pump());
    else addon.unwatch(this.#handle);
  }

  #pump() {
    for (let text; this.#wanted && (text = addon.next(this.#handle)) !== null; ) {
      const got = JSON.parse(text);
      if ("event" in got) {
        const listener = this.#listeners.shift();
        if (listener) listener(this.#show(got));
        else this.#events.push(got);
        continue;
      }
      const { id, ok, error, ...rest } = got;
      const waiting = this.#pending.get(id);
      this.#pending.delete(id);
      if (ok) waiting?.resolve(rest);
      else waiting?.reject(GodwitError.of(error));
    }
    this.#look();
  }

  // ---- the life of a program

  async suspend(deadlineMs = -1) {
    if (this.#closing) throw closed();
    const code = await addon.suspend(this.#handle, deadlineMs);
    if (code !== 0 && this.#closing) throw closed();
    return code === 0;
  }

  async resume() {
    if (this.#closing) throw closed();
    await addon.resume(this.#handle).catch(refused);
  }

  trimMemory() {
    if (!this.#closing) addon.trimMemory(this.#handle);
  }

  // ---- sound and pictures of calls whose devices are "app"; nothing waits

  pushAudio(call, samples) {
    return addon.pushAudio(this.#handle, call, samples);
  }

  pullAudio(call, samples) {
    return addon.pullAudio(this.#handle, call, samples);
  }

  pushPicture(call, { width, height, i420 }) {
    return addon.pushPicture(this.#handle, call, width, height, i420);
  }

  pullPicture(call, device) {
    return addon.pullPicture(this.#handle, call, device);
  }

  // ---- the end

  close() {
    this.#closing ??= (async () => {
      await undefined; // #closing is set from here on
      this.#watching = false;
      for (const { reject } of this.#pending.values())
        reject(new GodwitError("cancelled", "the client was closed before this was answered"));
      this.#pending.clear();
      this.#events.length = 0;
      for (const listener of this.#listeners.splice(0)) listener(undefined);
      await addon.close(this.#handle);
    })();
    return this.#closing;
  }

  async [Symbol.asyncDispose ?? Symbol.for("nodejs.asyncDispose")]() {
    await this.close();
  }
}

for (const [method, name, answers] of requests)
  Object.defineProperty(Client.prototype, method, {
    value: async function (fields) {
      const reply = await this.request(name, fields);
      return answers ? reply : undefined;
    },
    configurable: true,
    writable: true,
  });

exports.Client = Client;
exports.GodwitError = GodwitError;
exports.version = () => addon.version();
exports.checkHome = async (home, options = {}) => JSON.parse(await addon.check(whole({ ...options, home })).catch(refused));
exports.repairHome = async (home, options = {}) => JSON.parse(await addon.repair(whole({ ...options, home })).catch(refused));
