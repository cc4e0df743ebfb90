/**
 * Seven people in one conversation: Bob, Carol and Dave on MSN, Anna and Ben on Matrix, Emma and Felix on XMPP. Anna and Emma
 * have MSN accounts of their own (alice, emily); Ben and Felix have none and speak through Anna's.
 */
import { linkAccount } from "../../src/cli/sandbox/conversation.ts";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import type { World } from "../../src/cli/sandbox/world.ts";
import { registerAccount } from "../../src/cli/sandbox/xmpp-conversation.ts";
import type { XmppPerson } from "../../src/cli/sandbox/xmpp-person.ts";
import { NS, xml } from "../../src/cli/sandbox/xmpp-stanza.ts";
import type { DialectName } from "../../src/msnp/index.ts";
import { beyondOnePerKill, tally } from "./drill.ts";
import {
  enter,
  GroupTalker,
  matrixTalker,
  mucTalker,
  of,
  readInMuc,
  readOnMsn,
  saidIn,
  type Talker,
  type TalkerOptions,
} from "./group-talk.ts";

/** Time for one thing to cross a busy machine, ms. */
const CROSS_MS = 60_000;

export const GROUP_WORLD = {
  matrixUsers: ["anna", "ben"],
  xmppUsers: ["emma", "felix"],
  msnNames: ["alice", "emily", "bob", "carol", "dave"],
} as const;

export const MSN_NAMES = ["bob", "carol", "dave"] as const;
export const email = (name: string): string => `${name}@msn.test`;

export interface GroupScene {
  readonly anna: MatrixPerson;
  readonly ben: MatrixPerson;
  readonly emma: XmppPerson;
  readonly felix: XmppPerson;
  readonly msn: Readonly<Record<(typeof MSN_NAMES)[number], MsnPerson>>;
  readonly management: string;
  /** The group's room on Matrix and its MUC. */
  readonly room: string;
  readonly muc: string;
}

/** Links Anna and Emma, and has Bob call everybody into one conversation; the homes have opened their rooms. */
export async function gather(world: World, dialect: DialectName): Promise<GroupScene> {
  const [anna, ben, emma, felix] = await Promise.all([
    world.matrix("anna"),
    world.matrix("ben"),
    world.xmppClient("emma"),
    world.xmppClient("felix"),
  ]);
  const [bob, carol, dave] = await Promise.all([
    world.messenger("bob", dialect),
    world.messenger("carol", dialect),
    world.messenger("dave", dialect),
  ]);
  const management = await linkAccount(world, anna, "alice");
  await registerAccount(world, emma, "emily");
  const others = ["alice", "emily", "carol", "dave"].map(email);
  const group = await bob.startGroup(...others);
  await bob.waitFor("all to be there", () => group.members.length === others.length, CROSS_MS);
  await group.say("Hello everybody");
  const { roomId: room } = await anna.waitForInvite(world.bridge.setup.bot, CROSS_MS);
  await anna.join(room);
  const muc = await mucOf(emma);
  await enter(emma, muc, "emma");
  await anna.waitForMessage(room, "Hello everybody", world.ghost("bob"), CROSS_MS);
  await emma.waitFor("the first words", () => readInMuc(emma, muc).includes("Hello everybody"), CROSS_MS);
  return { anna, ben, emma, felix, msn: { bob, carol, dave }, management, room, muc };
}

/** The MUC that somebody was asked into last (XEP-0249, or XEP-0045 §7.8.2); `known` are MUCs that are not meant. */
export async function mucOf(person: XmppPerson, ...known: readonly string[]): Promise<string> {
  return await person.waitFor(
    "an invitation into a MUC",
    () =>
      person.messages
        .toReversed()
        .map(({ element, from }) => {
          const direct = element.getChild("x", "jabber:x:conference")?.attrs.jid as string | undefined;
          return direct ?? (element.getChild("x", NS.mucUser)?.getChild("invite") ? from : undefined);
        })
        .find((jid) => jid !== undefined && !known.includes(jid)),
    CROSS_MS,
  );
}

/** Ben and Felix come in, and speak through Anna's account, each with their name. */
export async function letGuestsIn(scene: GroupScene): Promise<void> {
  const { anna, ben, emma, felix, management, room, muc } = scene;
  await anna.invite(room, ben.userId);
  await ben.waitForInvite(anna.userId, CROSS_MS);
  await ben.join(room);
  const invite = xml("invite", { to: felix.jid }, xml("reason", {}, "Come in"));
  await emma.send(xml("message", { to: muc }, xml("x", { xmlns: NS.mucUser }, invite)));
  await mucOf(felix);
  await enter(felix, muc, "felix");
  await anna.sendText(management, "relay set 1");
  await anna.waitForMessage(management, /speaks in/, undefined, CROSS_MS);
  await anna.sendText(management, "relay prefix 1 on");
  await anna.waitForMessage(management, /begins with the speaker/, undefined, CROSS_MS);
}

/** What each of the seven has read of a round, in order, by name. */
export function readings(
  { anna, ben, emma, felix, msn, room, muc }: GroupScene,
  round: string,
): Record<string, string[]> {
  return {
    anna: saidIn(anna.room(room).texts(), round),
    ben: saidIn(ben.room(room).texts(), round),
    emma: saidIn(readInMuc(emma, muc), round),
    felix: saidIn(readInMuc(felix, muc), round),
    ...Object.fromEntries(
      Object.entries(msn).map(([name, person]) => {
        const texts = readOnMsn(person).map(({ text }) => text);
        return [name, saidIn(texts, round)];
      }),
    ),
  };
}

/** What people on MSN have read again of what was said through an account, beyond one text for each kill (Unix ms), in sentences. */
export function beyondPromise({ msn }: GroupScene, round: string, kills: readonly number[]): string[] {
  const theirs = MSN_NAMES.map(email);
  return Object.entries(msn).flatMap(([reader, person]) => {
    const read = readOnMsn(person).flatMap(({ text, ...rest }) =>
      saidIn([text], round).map((said) => ({ ...rest, text: said })),
    );
    const accounts = [...new Set(read.map(({ from }) => from))].filter((from) => !theirs.includes(from));
    return accounts.flatMap((account) => {
      const { repeats } = tally(read.filter(({ from }) => from === account));
      return beyondOnePerKill(repeats, kills).map((what) => `${reader} has read again of ${account}, ${what}`);
    });
  });
}

/** Everybody talks. */
export function talkers(scene: GroupScene, how: Omit<TalkerOptions, "name">): Talker[] {
  const { anna, ben, emma, felix, msn, room, muc } = scene;
  const as = (name: string): TalkerOptions => ({ ...how, name });
  const all = ["alice", "emily", ...MSN_NAMES];
  const others = (name: string): string[] => all.filter((one) => one !== name).map(email);
  return [
    matrixTalker(as("anna"), anna, room),
    matrixTalker(as("ben"), ben, room),
    mucTalker(as("emma"), emma, muc),
    mucTalker(as("felix"), felix, muc),
    ...MSN_NAMES.map((name) => new GroupTalker(as(name), msn[name], others(name))),
  ];
}

/** Texts that a reader has not read, or not in their speaker's order, or more than once, in sentences; none is as it should be. */
export function faults(
  reading: Record<string, readonly string[]>,
  speakers: readonly Talker[],
  mayRepeat: (reader: string, speaker: Talker) => number = () => 0,
): string[] {
  return Object.entries(reading).flatMap(([reader, texts]) =>
    speakers
      .filter(({ name }) => name !== reader || !isOnMsn(reader))
      .flatMap((speaker) => {
        const { name, texts: said } = speaker;
        const read = of(name, texts);
        const once = [...new Set(read)];
        const missing = said.filter((text) => !once.includes(text));
        const repeats = read.length - once.length;
        return [
          ...missing.map((text) => `${reader} has not read "${text}"`),
          ...(missing.length === 0 && once.join() !== said.join()
            ? [`${reader} has read ${name} in another order`]
            : []),
          ...(repeats > mayRepeat(reader, speaker)
            ? [`${reader} has read ${repeats} texts of ${name} more than once`]
            : []),
        ];
      }),
  );
}

const isOnMsn = (name: string): boolean => (MSN_NAMES as readonly string[]).includes(name);

/** Waits until everybody has read the last text of everybody; on MSN nobody reads their own. */
export async function untilRead(
  scene: GroupScene,
  speakers: readonly Talker[],
  round: string,
  ms: number,
): Promise<void> {
  const { anna, ben, emma, felix, msn } = scene;
  const people: Record<string, Pick<MatrixPerson | XmppPerson | MsnPerson, "waitFor">> = {
    anna,
    ben,
    emma,
    felix,
    ...msn,
  };
  const deadline = Date.now() + ms;
  for (const [name, person] of Object.entries(people)) {
    for (const speaker of speakers) {
      if (speaker.name === name && isOnMsn(name)) continue;
      const last = speaker.texts.at(-1) ?? "";
      await person.waitFor(
        `"${last}"`,
        () => readings(scene, round)[name]?.includes(last),
        Math.max(deadline - Date.now(), 1000),
      );
    }
  }
}
