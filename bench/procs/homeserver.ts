/** The stub homeserver as a process of its own: takes what the bridge posts, and pushes transactions as Synapse does. */
import { Pool } from "undici";
import { type Json, StubHomeserver } from "../../test/support/stub-homeserver.ts";
import { answer } from "../lib/child.ts";
import { type Chat, homeSide, type Speaker } from "../lib/home-side.ts";

/** Events that Synapse puts into one transaction at most. */
const MOST_EVENTS = 100;

let stub: StubHomeserver | undefined;
let token = "";
/** Number of the last transaction, by whom it went to: Synapse leaves no holes. */
const transactions = new Map<string, number>();

function running(): StubHomeserver {
  if (stub === undefined) throw new Error("the stub homeserver is not started");
  return stub;
}

/** Brings events to an application service, one transaction at a time, whatever has come up meanwhile in the next one. */
class Pusher implements Speaker {
  readonly #url: string;
  readonly #pool: Pool;
  readonly #queue: Json[] = [];
  #work: Promise<void> | undefined;

  constructor(url: string) {
    this.#url = url;
    this.#pool = new Pool(url, { connections: 1 });
  }

  say({ room, resident }: Chat, body: string): void {
    this.#queue.push(running().event(room, resident, "m.room.message", { msgtype: "m.text", body }));
    this.#work ??= this.#run().finally(() => {
      this.#work = undefined;
    });
  }

  async finished(): Promise<void> {
    while (this.#work !== undefined) await this.#work;
    await this.#pool.close();
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const events = this.#queue.splice(0, MOST_EVENTS);
      const number = (transactions.get(this.#url) ?? 0) + 1;
      transactions.set(this.#url, number);
      const { statusCode, body } = await this.#pool.request({
        method: "PUT",
        path: `/_matrix/app/v1/transactions/${number}`,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ events }),
      });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`a transaction was answered ${statusCode}: ${text}`);
    }
  }
}

const side = homeSide((url) => new Pusher(url));

const questions = {
  ...side.questions,
  async start(o: { domain: string; asToken: string; hsToken: string; bridgeUrl: string }): Promise<string> {
    token = o.hsToken;
    stub = await StubHomeserver.start({
      ...o,
      keepLog: false,
      onCall: (name, body) => {
        if (name === "send") side.sent.add(String(body.body));
        else if (name === "receipt") side.receipts.add("");
      },
    });
    return stub.url;
  },
  rooms: (pairs: readonly { resident: string; ghost: string }[]): string[] => {
    const { bot } = running();
    return pairs.map(({ resident, ghost }) => {
      return running().makeRoom({ [resident]: "join", [ghost]: "join", [bot]: "join" }).id;
    });
  },
};

export type HomeserverQuestions = typeof questions;

if (import.meta.main) answer(questions);
