// SPDX-License-Identifier: Apache-2.0
import { ErrorCode, Event, Requests } from "./schema";
export * from "./schema";

/** What godwit or the relay refused. */
export class GodwitError extends Error {
  /** What to do about it; a code of a later version is a string that is not in ErrorCode. */
  readonly code: ErrorCode | (string & {});
  /** One English sentence, good enough to show. */
  readonly detail: string;
  /** Milliseconds after which the same request may succeed; 0: not unchanged. */
  readonly retryMs: number;
  /** The code as the C ABI's number. */
  readonly number: number;
}

export interface HomeKey {
  /** 32 bytes from the platform's key store. */
  storeKey?: Uint8Array;
  /** Or a passphrase (Argon2id). With neither a random key is kept in the home: that protects copies of the database, not a stolen folder. */
  passphrase?: string;
}
export interface OpenOptions extends HomeKey {
  clientVersion?: string;
  /** Direct paths within one machine, for tests. */
  allowLoopback?: boolean;
}

/** I420 without gaps: width * height bytes of luma, then U and V of ((width + 1) >> 1) * ((height + 1) >> 1) each; sides at most 1920,
 * 1920 * 1088 pixels. */
export interface Picture {
  width: number;
  height: number;
  i420: Uint8Array;
}

/** An account's device. A method a request; every request is answered once. */
export interface Client extends Requests, AsyncIterable<Event> {}
export class Client {
  private constructor();
  /** As `open`. */
  static open(home: string, options?: OpenOptions): Promise<Client>;
  /** A request by its name, for those that this version has no method for. */
  request(name: string, fields?: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** What happens, in order, until the client is closed. Each event goes to one iterator. A received message counts as dealt with when the
   * event after it is asked for; after a crash it may be shown again, and stands in the history once. */
  events(): AsyncIterableIterator<Event>;
  /** The next event; undefined when the client is closed. With a time limit: `{ signal: AbortSignal.timeout(ms) }`; it is rejected then, and
   * takes no event. (A promise that has lost a race takes the event that it waits for.) */
  nextEvent(options?: { signal?: AbortSignal }): Promise<Event | undefined>;
  /** Before the process is frozen: commits, closes connections and store. False: it took longer than the deadline and goes on, call again.
   * What was under way is answered with `cancelled`; what is asked meanwhile is answered after resume(). */
  suspend(deadlineMs?: number): Promise<boolean>;
  /** Opens the home again. Rejected as open() is; the client then stays suspended. */
  resume(): Promise<void>;
  /** Memory is short: what is not in use goes back to the system. */
  trimMemory(): void;
  /** Of calls whose devices are "app"; 48 kHz, 16 bits, mono. How many samples were taken: fewer when 200 ms wait already, 0 when there is
   * no such call or it has no media yet. */
  pushAudio(call: string, samples: Int16Array): number;
  /** At most so many samples: play silence for what is missing. */
  pullAudio(call: string, samples: number): Int16Array;
  /** One that was not sent yet gives way to it. False: no such call, or not of a size that a picture may have. */
  pushPicture(call: string, picture: Picture): boolean;
  /** The newest that was not pulled yet; in the call of a group of one device, or of whichever has sent one. */
  pullPicture(call: string, device?: string): Picture | null;
  /** What was accepted is durable and goes out at the next open; requests without an answer fail with `cancelled`; iterators end. */
  close(): Promise<void>;
}

/** Opens or makes the home, a folder of this device's account: one client at a time. */
export function open(home: string, options?: OpenOptions): Promise<Client>;
/** Looks into a home that nobody has open, and changes nothing. */
export function checkHome(home: string, options?: HomeKey): Promise<{ sound: boolean; findings: string[] } & Record<string, unknown>>;
/** Makes a new store from what is undamaged, and keeps the damaged one beside it. */
export function repairHome(home: string, options?: HomeKey): Promise<{ was_sound: boolean; complete: boolean } & Record<string, unknown>>;
/** Of the library, e.g. "0.1.0". */
export function version(): string;
