import type { AccountSpec } from "../../src/msnp/server/index.ts";
import type { Post } from "../procs/bare.ts";
import type { Chat, HomeserverQuestions } from "../procs/homeserver.ts";
import type { Talk } from "../procs/msn.ts";
import type { Child } from "./child.ts";
import { PASSWORD, Rig } from "./rig.ts";

const DOMAIN = "stub.test";
const READY_MS = 60_000;

/** The bridge between a stub homeserver and an MSN network, with chats that are open on both sides. */
export interface TalkRig {
  readonly rig: Rig;
  readonly homeserver: Child<HomeserverQuestions>;
  readonly homeserverUrl: string;
  readonly talks: readonly Talk[];
  readonly chats: readonly Chat[];
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
export async function startTalks(count: number): Promise<TalkRig> {
  const talks = Array.from({ length: count }, (_, n) => ({
    person: `person${n}@msn.test`,
    puppet: `puppet${n}@msn.test`,
  }));
  const accounts = talks.flatMap(({ person, puppet }) => [account(person, [puppet]), account(puppet, [person])]);
  const rig = await Rig.start({ serverName: DOMAIN, accounts });
  try {
    const homeserver = await rig.program<HomeserverQuestions>("homeserver");
    const { asToken, hsToken, url } = rig.parts.registration;
    const homeserverUrl = await homeserver.ask("start", {
      domain: DOMAIN,
      asToken: asToken.open(),
      hsToken: hsToken.open(),
      bridgeUrl: url,
    });
    const residents = talks.map((_, n) => `@resident${n}:${DOMAIN}`);
    const pairs = talks.map(({ person }, n) => ({ resident: residents[n] ?? "", ghost: rig.ghost(person) }));
    const rooms = await homeserver.ask("rooms", pairs);
    const chats = rooms.map((room, n) => ({ room, resident: residents[n] ?? "" }));
    for (const [n, talk] of talks.entries()) {
      await rig.link(talk.puppet, residents[n] ?? "");
      await rig.bind(talk, rooms[n] ?? "", residents[n] ?? "");
    }
    await rig.startBridge(homeserverUrl);
    await rig.parts.msn.ask("people", { emails: talks.map(({ person }) => person), password: PASSWORD });
    const everybody = accounts.map(({ email }) => email);
    await rig.online(everybody, READY_MS);
    const posts: TalkRig["posts"] = (kind) =>
      talks.map((talk, n) => ({ lane: rig.lane(kind, talk), room: rooms[n] ?? "", ghost: pairs[n]?.ghost ?? "" }));
    const running = { rig, homeserver, homeserverUrl, talks, chats, posts };
    await warmUp(running, 3);
    return running;
  } catch (error) {
    await rig.stop();
    throw error;
  }
}

/** Words each way in every chat, so that rooms, ghosts and switchboards are there. */
export async function warmUp({ rig, homeserver, talks, chats }: TalkRig, each: number): Promise<void> {
  const count = each * talks.length;
  await Promise.all([homeserver.ask("forget", undefined), rig.parts.msn.ask("forget", undefined)]);
  await rig.parts.msn.ask("flood", { each, talks });
  await homeserver.ask("arrived", { what: "send", count, timeoutMs: READY_MS });
  await homeserver.ask("flood", { url: rig.url, each, chats });
  await rig.parts.msn.ask("arrived", { count, timeoutMs: READY_MS });
}
