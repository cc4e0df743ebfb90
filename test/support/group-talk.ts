/** People of three networks who talk in one group, like people at keyboards: each says numbered texts, one after another. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { MsnGroup } from "../../src/cli/sandbox/msn-group.ts";
import type { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import type { XmppPerson } from "../../src/cli/sandbox/xmpp-person.ts";
import { type Gate, Speaker } from "./drill.ts";

/** How long an answer of the room may take before the words are said again, ms. */
const REFLECTION_MS = 2500;
/** Nothing came through for so long: it never will. */
const GIVE_UP_MS = 180_000;

export interface Talker {
  readonly name: string;
  readonly texts: readonly string[];
  run(): Promise<void>;
  /** After the bridge was killed; `stored`: whether it had taken this text. */
  takeUp?(stored: (text: string) => boolean): Promise<void>;
  /** How many texts were said again after that, and how many because they did not go, or that was not known. */
  readonly lostOnTheWire?: number;
  readonly failed?: number;
}

export interface TalkerOptions {
  readonly name: string;
  /** A letter that is in all texts of one round. */
  readonly round: string;
  readonly count: number;
  readonly gate: Gate;
  readonly paceMs: number;
}

function numbered({ name, round, count }: TalkerOptions): string[] {
  return Array.from({ length: count }, (_, i) => `${name} says ${round}${String(i + 1).padStart(4, "0")}.`);
}

/** The numbered texts of a round in what somebody has read, whatever stands around them, in order. */
export function saidIn(bodies: readonly string[], round: string): string[] {
  const text = new RegExp(`\\b\\w+ says ${round}\\d{4}\\.`);
  return bodies.flatMap((body) => text.exec(body)?.[0] ?? []);
}

/** The texts of one speaker among those that somebody has read. */
export function of(name: string, read: readonly string[]): string[] {
  return read.filter((text) => text.startsWith(`${name} says `));
}

/** Somebody on Matrix; an event that the homeserver does not take is sent again as the same. */
export function matrixTalker(o: TalkerOptions, person: MatrixPerson, room: string): Talker {
  const texts = numbered(o);
  const send = async (text: string): Promise<void> => {
    const txn = randomUUID();
    const until = Date.now() + GIVE_UP_MS;
    for (;;) {
      const taken = await person.sendText(room, text, txn).then(
        () => true,
        () => false,
      );
      if (taken) return;
      if (Date.now() > until) throw new Error(`the homeserver never took "${text}"`);
      await pause(100);
    }
  };
  return {
    name: o.name,
    texts,
    run: async () => {
      for (const text of texts) {
        await send(text);
        await pause(o.paceMs);
      }
    },
  };
}

/**
 * Somebody in a MUC: a text counts as said when the room has shown it to its sender; before that it is said again under the
 * same id, in the room anew when that has forgotten them.
 */
export function mucTalker(o: TalkerOptions, person: XmppPerson, muc: string): Talker {
  const texts = numbered(o);
  const isShown = (id: string): boolean =>
    person.messages.some((one) => one.type === "groupchat" && one.id === id && one.from.startsWith(`${muc}/`));
  const say = async (text: string): Promise<void> => {
    const id = randomUUID();
    const until = Date.now() + GIVE_UP_MS;
    for (;;) {
      await person.sayInRoom(muc, text, { id }).catch(() => {});
      const shown = await person
        .waitFor(`the room to show "${text}"`, () => isShown(id), REFLECTION_MS)
        .then(
          () => true,
          () => false,
        );
      if (shown) return;
      if (Date.now() > until) throw new Error(`${muc} never showed "${text}"`);
      await enter(person, muc, o.name);
    }
  };
  return {
    name: o.name,
    texts,
    run: async () => {
      for (const text of texts) {
        await o.gate.pass();
        await say(text);
        await pause(o.paceMs);
      }
    },
  };
}

/** Enters a MUC (again); a room that does not answer now is tried again by whoever needs it. */
export async function enter(person: XmppPerson, muc: string, nick: string): Promise<void> {
  await person.joinRoom(muc, nick).catch(() => {});
}

/** What somebody in a MUC has read: a message whose id they have is the one that they have (XEP-0359). */
export function readInMuc(person: XmppPerson, muc: string): string[] {
  const seen = new Map<string, string>();
  for (const { from, type, body, stanzaId, id } of person.messages) {
    if (type !== "groupchat" || body === undefined || !from.startsWith(`${muc}/`)) continue;
    const name = stanzaId ?? id ?? randomUUID();
    if (!seen.has(name)) seen.set(name, body);
  }
  return [...seen.values()];
}

/** Everything that somebody on MSN has read in conversations of several people, in the order in which it came. */
export function readOnMsn(person: MsnPerson): { readonly text: string; readonly at: number; readonly from: string }[] {
  return person.groups.flatMap(({ messages }) => messages).toSorted((a, b) => a.at - b.at);
}

/**
 * Somebody on MSN. They talk in the newest conversation in which all the others are; when there is none they wait until they
 * are called together again. A text is said when the server has acknowledged it.
 */
export class GroupTalker extends Speaker implements Talker {
  readonly name: string;
  readonly #person: MsnPerson;
  readonly #others: readonly string[];

  constructor(o: TalkerOptions, person: MsnPerson, others: readonly string[]) {
    super({ ...o, texts: numbered(o) });
    this.name = o.name;
    this.#person = person;
    this.#others = others;
  }

  protected override async ready(): Promise<void> {
    await this.#person.waitFor("the others in a group", () => this.#group(), GIVE_UP_MS);
  }

  protected override async say(text: string): Promise<void> {
    const group = this.#group();
    if (group === undefined) throw new Error("the others are in no group any more");
    await group.say(text);
  }

  #group(): MsnGroup | undefined {
    return this.#person.groups.findLast(({ members }) => this.#others.every((one) => members.includes(one)));
  }
}
