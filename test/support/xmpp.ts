import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { startEjabberd } from "../../src/cli/sandbox/ejabberd.ts";
import { ProcessGroup } from "../../src/cli/sandbox/processes.ts";
import { startProsody } from "../../src/cli/sandbox/prosody.ts";
import type { TraceRecorder } from "../../src/cli/sandbox/trace.ts";
import { XmppPerson, type XmppPersonOptions } from "../../src/cli/sandbox/xmpp-person.ts";
import type { XmppAccount, XmppServer, XmppServerOptions } from "../../src/cli/sandbox/xmpp-server.ts";
import { RawComponent } from "./xmpp-component.ts";

export const XMPP_SERVERS = { prosody: startProsody, ejabberd: startEjabberd } as const;

/** One XMPP server for a test file (or suite), started before its first test and gone after its last. */
export interface XmppFixture {
  readonly server: XmppServer;
  /** Where its data lies; removed at the end. Tests may put more below it. */
  readonly dir: string;
  /** Owns the server; add other processes here, and they end with it. */
  readonly group: ProcessGroup;
  /** Makes an account, its name made unique. */
  newAccount(name: string): Promise<XmppAccount>;
  /** Makes an account and signs in with it, or signs in (once more) with one that is there; closed at the end. */
  newPerson(who: string | XmppAccount, trace?: TraceRecorder, options?: PersonOptions): Promise<XmppPerson>;
  /** Connects as the server's component; closed at the end of the test. */
  newComponent(trace?: TraceRecorder): Promise<RawComponent>;
}

export type PersonOptions = Partial<Pick<XmppPersonOptions, "resource" | "available" | "answersReceipts">>;

/** Registers the hooks; use the result inside tests only. At the end it asserts that no process is left. */
export function useXmppServer(
  kind: keyof typeof XMPP_SERVERS,
  options: Partial<Omit<XmppServerOptions, "dir" | "group">> = {},
): XmppFixture {
  const group = new ProcessGroup();
  const open: { close(): Promise<void> }[] = [];
  let server: XmppServer | undefined;
  let dir = "";
  const started = (): XmppServer => {
    if (server === undefined) throw new Error(`${kind} is there only inside tests and hooks`);
    return server;
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), `msnbridge-${kind}-`));
    server = await XMPP_SERVERS[kind]({ ...options, dir, group });
  });

  afterAll(async () => {
    await Promise.all(open.map((one) => one.close()));
    await group.stopAll();
    await rm(dir, { recursive: true, force: true });
    expect(group.survivors()).toEqual([]);
  });

  let made = 0;
  return {
    get server() {
      return started();
    },
    get dir() {
      return dir;
    },
    group,
    async newAccount(name) {
      made += 1;
      return await started().addUser({ name: `${name}${made}`, password: "correct horse battery" });
    },
    async newPerson(who, trace, how = {}) {
      const account = typeof who === "string" ? await this.newAccount(who) : who;
      const person = await XmppPerson.signIn({ server: started(), ...account, trace: trace?.add, ...how });
      open.push(person);
      return person;
    },
    async newComponent(trace) {
      const component = await RawComponent.start(started(), trace?.add);
      onTestFinished(async () => await component.close());
      return component;
    },
  };
}

/** Both see each other's presence from now on, asked for and granted as people do it. */
export async function befriend(anna: XmppPerson, bert: XmppPerson): Promise<void> {
  for (const [one, other] of [
    [anna, bert],
    [bert, anna],
  ] as const) {
    await one.setContact(other.jid);
    await one.sendPresence(other.jid, "subscribe");
    await other.waitFor(`${one.jid} to ask`, () =>
      other.presences.some(({ type, from }) => type === "subscribe" && from === one.jid),
    );
    await other.sendPresence(one.jid, "subscribed");
    await one.waitForPresence(other.jid, "online", ({ type }) => type === "available");
  }
}
