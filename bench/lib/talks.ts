import type { AccountSpec } from "../../src/msnp/server/index.ts";
import type { Talk } from "../procs/msn.ts";
import type { Post } from "./bare-home.ts";
import type { RunningHome, StubHome } from "./homes.ts";
import { PASSWORD, Rig } from "./rig.ts";

const READY_MS = 60_000;

/** The bridge between a home's stub server and an MSN network, with chats that are open on both sides. */
export interface TalkRig extends Pick<RunningHome, "server" | "chats" | "bare"> {
  readonly rig: Rig;
  /** By what name the server reaches the bridge. */
  readonly bridge: string;
  readonly talks: readonly Talk[];
  /** The same chats for the bare loop. */
  readonly posts: (kind: "out" | "in") => readonly Post[];
}

export function account(email: string, contacts: readonly string[]): AccountSpec {
  return {
    email,
    password: PASSWORD,
    displayName: email.split("@", 1)[0] ?? email,
    contacts: contacts.map((contact) => ({ email: contact })),
  };
}

/** So many puppets, each with a person of its own to talk with; every chat has had a word each way. */
export async function startTalks(home: StubHome, count: number): Promise<TalkRig> {
  const talks = Array.from({ length: count }, (_, n) => ({
    person: `person${n}@msn.test`,
    puppet: `puppet${n}@msn.test`,
  }));
  const accounts = talks.flatMap(({ person, puppet }) => [account(person, [puppet]), account(puppet, [person])]);
  const rig = await Rig.start({ serverName: "stub.test", accounts });
  try {
    const { server, chats, config, bridge, bare, appear } = await home.start(rig, talks);
    for (const [n, talk] of talks.entries()) {
      const { room = "", resident = "" } = chats[n] ?? {};
      await rig.link(talk.puppet, resident, home.name);
      await rig.bind(talk, room, resident, home.name);
    }
    await rig.startBridge(config.homeserverUrl, config.sections);
    await appear();
    await rig.parts.msn.ask("people", { emails: talks.map(({ person }) => person), password: PASSWORD });
    const everybody = accounts.map(({ email }) => email);
    await rig.online(everybody, READY_MS);
    const posts: TalkRig["posts"] = (kind) =>
      chats.flatMap((chat, n) => {
        const talk = talks[n];
        return talk === undefined ? [] : [{ ...chat, lane: rig.lane(kind, talk, home.name) }];
      });
    const running = { rig, server, bridge, bare, talks, chats, posts };
    await warmUp(running, 3);
    return running;
  } catch (error) {
    await rig.stop();
    throw error;
  }
}

/** Words each way in every chat, so that rooms, ghosts and switchboards are there. */
export async function warmUp({ rig, server, bridge, talks, chats }: TalkRig, each: number): Promise<void> {
  const count = each * talks.length;
  await Promise.all([server.ask("forget", undefined), rig.parts.msn.ask("forget", undefined)]);
  await rig.parts.msn.ask("flood", { each, talks });
  await server.ask("arrived", { what: "send", count, timeoutMs: READY_MS });
  await server.ask("flood", { to: bridge, each, chats });
  await rig.parts.msn.ask("arrived", { count, timeoutMs: READY_MS });
}
