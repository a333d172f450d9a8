// SPDX-License-Identifier: Apache-2.0
// Compiled where tsc is: what an application writes has the types that it should have.
import { Client, Event, GodwitError, Message, open } from "godwit";

async function talk(): Promise<string[]> {
  const me: Client = await open("alice", { storeKey: new Uint8Array(32) });
  const { message } = await me.send({ to: "bob", text: "hi", lifetime: { seconds: 60, from: "read" } });
  const id: string = message;
  // @ts-expect-error: a misspelt field
  await me.send({ to: "bob", txt: "hi" });
  // @ts-expect-error: not a path policy
  await me.setPolicy({ path: "directly" });
  const history: Message[] = (await me.history({ with: "bob" })).messages;
  for await (const event of me) await handle(event);
  return [id, ...history.map((one) => one.text)];
}

async function handle(event: Event): Promise<void> {
  switch (event.event) {
    case "message":
      if (event.body?.kind === "location") Math.abs(event.body.latitude);
      event.text.trim();
      break;
    case "disconnected":
      if (event.error.code === "timed_out") event.retry_in_ms.toFixed();
      break;
  }
}

talk().catch((trouble: unknown) => {
  if (trouble instanceof GodwitError) trouble.detail.trim();
});
