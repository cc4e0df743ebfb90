import { expect } from "vitest";
import { tweener } from "../../../src/msnp/auth/tweener.ts";
import { dialectOf } from "../../../src/msnp/dialect/table.ts";
import {
  type DialectName,
  type Email,
  type IncomingMessage,
  MsnClient,
  type MsnClientEvents,
  type MsnClientOptions,
  parseEmail,
  parseMachineGuid,
} from "../../../src/msnp/index.ts";
import { type AccountSpec, MsnNetwork, type NetworkOptions } from "../../../src/msnp/server/index.ts";
import { Connection } from "../../../src/msnp/transport/connection.ts";
import { HttpClient } from "../../../src/msnp/transport/http.ts";

export const BOTH_DIALECTS: readonly DialectName[] = ["MSNP18", "MSNP11"];
export const ALICE = parseEmail("alice@msn.test");
export const BOB = parseEmail("bob@msn.test");
export const CAROL = parseEmail("carol@msn.test");

const friends = (...emails: Email[]) => emails.map((email) => ({ email }));

export const ACCOUNTS: readonly AccountSpec[] = [
  {
    email: ALICE,
    password: "alice's password, with a comma & <markup>",
    displayName: "Alice A",
    contacts: [{ email: BOB, groups: ["Work Friends"] }, { email: CAROL }],
  },
  { email: BOB, password: "bob's", displayName: "Bob é B", contacts: friends(ALICE, CAROL) },
  { email: CAROL, password: "carol's", displayName: "Carol", contacts: friends(ALICE, BOB) },
];

/** One network with the clients that were made for it; all of it ends with {@link Stage.close}. */
export class Stage {
  readonly network: MsnNetwork;
  readonly trace: string[] = [];
  readonly #clients: MsnClient[] = [];

  private constructor(network: MsnNetwork) {
    this.network = network;
  }

  static async open(options: NetworkOptions = {}): Promise<Stage> {
    return new Stage(await MsnNetwork.start({ accounts: ACCOUNTS, options }));
  }

  /** A stage with a network of its own making; the accounts should be {@link ACCOUNTS}. */
  static over(network: MsnNetwork): Stage {
    return new Stage(network);
  }

  client(email: Email, dialect: DialectName, more: Partial<MsnClientOptions> = {}): MsnClient {
    const password = ACCOUNTS.find((account) => account.email === email)?.password ?? "";
    const number = String(this.#clients.length + 1).padStart(12, "0");
    const client = new MsnClient({
      services: this.network.services,
      dialects: [dialect],
      email,
      password: () => password,
      machineGuid: parseMachineGuid(`00000000-0000-4000-8000-${number}`),
      initialPresence: "NLN",
      trace: (direction, connection, line) => this.trace.push(`${email} ${connection} ${direction} ${line}`),
      ...more,
    });
    this.#clients.push(client);
    return client;
  }

  async signedIn(email: Email, dialect: DialectName, more: Partial<MsnClientOptions> = {}): Promise<MsnClient> {
    const client = this.client(email, dialect, more);
    await client.signIn();
    return client;
  }

  /** An MSNP11 connection of an account whose commands are written by hand. */
  async byHand(email: Email, password: string): Promise<Connection> {
    const { ns, nexusUrl } = this.network.services;
    const owner = { onCommand() {}, onEnd() {} };
    const connection = await Connection.open({
      ...ns,
      label: email,
      owner,
      connectTimeout: 5000,
      requestTimeout: 5000,
    });
    const dialect = dialectOf("MSNP11");
    await connection.request("VER", [dialect.name]);
    await connection.request("CVR", [...dialect.clientVersion, email]);
    const challenge = await connection.request("USR", ["TWN", "I", email]);
    const proof = await tweener.prove(challenge.args.slice(3), {
      dialect,
      email,
      password: () => password,
      machineGuid: parseMachineGuid("00000000-0000-4000-8000-0000000000ff"),
      nexusUrl,
      rstUrl: "",
      http: new HttpClient({ timeout: 5000 }),
    });
    await connection.request("USR", proof.args);
    await connection.request("SYN", [0, 0]);
    return connection;
  }

  /** A connection to a switchboard, given as `host:port`, whose commands are written by hand. */
  boardByHand(target: string): Promise<Connection> {
    const [host = "", port] = target.split(":");
    return Connection.open({
      host,
      port: Number(port),
      label: "SB by hand",
      owner: { onCommand() {}, onEnd() {} },
      connectTimeout: 5000,
      requestTimeout: 5000,
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.signOut()));
    await this.network.close();
  }
}

/** `expect` on a value that will be right before long, also on a busy machine. */
export function eventually<T>(value: () => T): ReturnType<typeof expect.poll<T>> {
  return expect.poll(value, { interval: 10 });
}

/** The next event that satisfies the condition. */
export function next<K extends keyof MsnClientEvents>(
  client: MsnClient,
  event: K,
  isWanted: (...args: MsnClientEvents[K]) => boolean = () => true,
): Promise<MsnClientEvents[K]> {
  return new Promise((resolve) => {
    const listener = (...args: MsnClientEvents[K]): void => {
      if (!isWanted(...args)) return;
      client.off(event, listener);
      resolve(args);
    };
    client.on(event, listener);
  });
}

/** Collects texts as `sender: text`; `until(n)` waits for the n-th. */
export function hearing(client: MsnClient): { lines: string[]; until(count: number): Promise<string[]> } {
  const lines: string[] = [];
  client.on("message", (message) => lines.push(lineOf(message)));
  return {
    lines,
    async until(count) {
      while (lines.length < count) await next(client, "message");
      return lines;
    },
  };
}

function lineOf({ from, body }: IncomingMessage): string {
  return `${from.split("@")[0]}: ${body.kind === "text" ? body.text : body.kind}`;
}
