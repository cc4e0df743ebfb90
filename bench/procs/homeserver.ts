/** The stub homeserver as a process of its own: takes what the bridge posts, and pushes transactions as Synapse does. */
import { Pool } from "undici";
import { type Json, StubHomeserver } from "../../test/support/stub-homeserver.ts";
import { Arrivals, paced } from "../lib/arrivals.ts";
import { answer } from "../lib/child.ts";
import { sharedNow, stamped } from "../lib/stats.ts";

/** A room and the resident who writes in it. */
export interface Chat {
  readonly room: string;
  readonly resident: string;
}

/** Events that Synapse puts into one transaction at most. */
const MOST_EVENTS = 100;

let stub: StubHomeserver | undefined;
let token = "";
/** Number of the last transaction, by whom it went to: Synapse leaves no holes. */
const transactions = new Map<string, number>();
const sent = new Arrivals();
const receipts = new Arrivals();

function running(): StubHomeserver {
  if (stub === undefined) throw new Error("the stub homeserver is not started");
  return stub;
}

function words({ room, resident }: Chat, body: string): Json {
  return running().event(room, resident, "m.room.message", { msgtype: "m.text", body });
}

/** Brings events to an application service, one transaction at a time, whatever has come up meanwhile in the next one. */
class Pusher {
  readonly #url: string;
  readonly #pool: Pool;
  readonly #queue: Json[] = [];
  #work: Promise<void> | undefined;

  constructor(url: string) {
    this.#url = url;
    this.#pool = new Pool(url, { connections: 1 });
  }

  push(event: Json): void {
    this.#queue.push(event);
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

const questions = {
  async start(o: { domain: string; asToken: string; hsToken: string; bridgeUrl: string }): Promise<string> {
    token = o.hsToken;
    stub = await StubHomeserver.start({
      ...o,
      keepLog: false,
      onCall: (name, body) => {
        if (name === "send") sent.add(String(body.body));
        else if (name === "receipt") receipts.add("");
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
  /** Makes users known without a call, for those who post without a bridge. */
  know: (users: readonly string[]): void => {
    for (const user of users) running().users.add(user);
  },
  /** Everybody in turn writes a stamped text. @returns how many */
  async pace(o: { url: string; perSecond: number; seconds: number; chats: readonly Chat[] }): Promise<number> {
    const pusher = new Pusher(o.url);
    const total = await paced(o.perSecond, o.seconds, (n) => {
      const chat = o.chats[n % o.chats.length];
      if (chat !== undefined) pusher.push(words(chat, stamped(`Message number ${n}, as people write them.`)));
    });
    await pusher.finished();
    return total;
  },
  /** As many texts as fast as they are taken. @returns how many */
  async flood(o: { url: string; each: number; chats: readonly Chat[] }): Promise<number> {
    const pusher = new Pusher(o.url);
    for (let n = 0; n < o.each; n++)
      for (const chat of o.chats) pusher.push(words(chat, `Message number ${n}, one of very many.`));
    await pusher.finished();
    return o.each * o.chats.length;
  },
  forget: () => {
    sent.forget();
    receipts.forget();
  },
  /** @returns the moment (shared clock) at which it was seen */
  async arrived(o: { what: "send" | "receipt"; count: number; timeoutMs: number }): Promise<number> {
    await (o.what === "send" ? sent : receipts).wait(o.count, o.timeoutMs);
    return sharedNow();
  },
  ages: () => sent.ages,
  cpu: () => process.cpuUsage(),
};

export type HomeserverQuestions = typeof questions;

if (import.meta.main) answer(questions);
