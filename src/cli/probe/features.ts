/**
 * What people do with each other, as one step per column of the table. A step throws {@link ProbeFailure} (or what the
 * client throws) when the network does not do it; steps do not depend on each other's success.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Conversation, MessageBody } from "../../msnp/index.ts";
import { type Person, ProbeFailure } from "./person.ts";

/** Who takes part; the third is needed for some steps only. */
export interface Cast {
  readonly a: Person;
  readonly b: Person;
  readonly c: Person | undefined;
}

type Row = Person["dialect"];

export interface Feature {
  readonly name: string;
  /** False: the dialect has no such thing. */
  readonly offered?: (dialect: Row) => boolean;
  readonly needsThree?: true;
  run(cast: Cast): Promise<void>;
}

/** Words that no other message contains, so that leftovers of an earlier run cannot pass for them. */
function words(about: string): string {
  return `${about} ä€😀 ${randomUUID().slice(0, 8)}`;
}

function says(text: string): (message: { readonly body: MessageBody }) => boolean {
  return ({ body }) => body.kind === "text" && body.text === text;
}

async function presence({ a, b }: Cast): Promise<void> {
  for (const status of ["BSY", "AWY", "NLN"] as const) {
    const seen = b.sees(a, `${a.email} as ${status}`, (contact) => contact.status === status);
    await a.client.setStatus(status);
    await seen;
  }
  const hidden = b.sees(a, `${a.email} going offline`, (contact) => contact.status === "FLN");
  await a.client.setStatus("HDN");
  await hidden;
  const back = b.sees(a, `${a.email} coming back`, (contact) => contact.status === "NLN");
  await a.client.setStatus("NLN");
  await back;
}

async function personalMessage({ a, b }: Cast): Promise<void> {
  const text = `<b>${words("a message & more")}`;
  const seen = b.sees(a, "the personal message", (contact) => contact.personalMessage === text);
  await a.client.setPersonalMessage({ text });
  await seen;
  const gone = b.sees(a, "that the personal message is gone", (contact) => contact.personalMessage === "");
  await a.client.setPersonalMessage({ text: "" });
  await gone;
}

async function text({ a, b }: Cast): Promise<void> {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    for (const said of [words("first"), words("second")]) {
      const heard = to.hears(
        `the text of ${from.email}`,
        "message",
        (message) => message.from === from.email && says(said)(message),
      );
      await from.client.conversation(to.email).sendText(said);
      await heard;
    }
  }
}

async function typing({ a, b }: Cast): Promise<void> {
  const heard = b.hears("the typing notice", "typing", ({ from }) => from === a.email);
  await a.client.conversation(b.email).sendTyping();
  await heard;
}

async function nudge({ a, b }: Cast): Promise<void> {
  const heard = b.hears("the nudge", "message", ({ from, body }) => from === a.email && body.kind === "nudge");
  await a.client.conversation(b.email).sendNudge();
  await heard;
}

/** Everybody says something, and everybody else hears it in the conversation of all. */
async function talkAmong(people: readonly { person: Person; conversation: Conversation }[]): Promise<void> {
  for (const { person, conversation } of people) {
    const said = words("to all");
    const others = people.filter((other) => other.person !== person);
    const heard = others.map((other) =>
      other.person.hears(
        `the text of ${person.email} in the group`,
        "message",
        (message) => message.from === person.email && message.conversation.isGroup && says(said)(message),
      ),
    );
    await conversation.sendText(said);
    await Promise.all(heard);
  }
}

async function three({ a, b, c }: Cast): Promise<void> {
  if (c === undefined) throw new ProbeFailure("nobody is the third");
  const joined = [b, c].map((person) =>
    person.hears("the conversation of three", "membersChanged", ({ isGroup, members }) => isGroup && members.size >= 2),
  );
  const begun = [b, c].map((person) =>
    person.hears("the conversation of three", "conversation", ({ isGroup, members }) => isGroup && members.size >= 2),
  );
  const conversation = await a.client.startGroup([b.email, c.email]);
  const theirs = await Promise.all(
    [b, c].map(async (person, i) => {
      const [found] = await Promise.any([joined[i], begun[i]].filter((one) => one !== undefined));
      return { person, conversation: found };
    }),
  );
  await a.until("that both have joined", () => conversation.members.size === 2);
  await talkAmong([{ person: a, conversation }, ...theirs]);
  const left = a.hears("that one has left", "membersChanged", (changed) => changed.members.size === 1);
  await theirs[1]?.conversation.leave();
  await left;
  await conversation.leave();
}

async function offline({ a, b }: Cast): Promise<void> {
  const gone = a.sees(b, `${b.email} going offline`, (contact) => contact.status === "FLN");
  await b.signOut();
  await gone;
  const said = [words("you were away"), words("and again")];
  try {
    for (const one of said) await a.client.offline.send(b.email, one);
  } finally {
    await b.signIn();
  }
  await b.until("the offline messages", () => said.every((one) => b.offline.some(({ text: got }) => got === one)));
  const got = b.offline.filter(({ text: one }) => said.includes(one));
  if (got.map(({ text: one }) => one).join() !== said.join())
    throw new ProbeFailure("the offline messages came in another order, or twice");
  const late = got.find(({ sentAt }) => Math.abs(Date.now() - sentAt) > 24 * 3600_000);
  if (late !== undefined) throw new ProbeFailure(`an offline message is dated ${new Date(late.sentAt).toISOString()}`);
}

async function block({ a, b }: Cast): Promise<void> {
  const gone = b.sees(a, `that ${a.email} is out of sight`, (contact) => contact.status === "FLN");
  await a.client.roster.block(b.email);
  try {
    await changeSomething(a);
    await gone;
    if (a.contact(b)?.lists.has("BL") !== true) throw new ProbeFailure("the own list does not show the block");
  } finally {
    const back = b.sees(a, `${a.email} again`, (contact) => contact.status !== "FLN");
    await a.client.roster.unblock(b.email);
    await changeSomething(a);
    await back;
  }
}

/** Some servers tell others that one went out of sight, or came back, only with one's next change (source: msnp-core §6.3). */
async function changeSomething(person: Person): Promise<void> {
  await person.client.setStatus("AWY");
  await person.client.setStatus("NLN");
}

/** Takes the contact off the list, looks whether that lasts, and puts it back. */
async function removeAndAdd({ a, b }: Cast): Promise<void> {
  await a.client.roster.remove(b.email);
  await lasting(a, "the contact off the list", () => a.contact(b)?.lists.has("FL") !== true);
  await a.client.roster.add(b.email, { displayName: "Probe" });
  await lasting(a, "the contact on the list", () => a.contact(b)?.lists.has("FL") === true);
  await a.sees(b, `${b.email} online`, (contact) => contact.status !== "FLN");
}

/** Whether a change is still there after signing out and in again. */
async function lasting(person: Person, what: string, holds: () => boolean): Promise<void> {
  await pause(person.writtenMs);
  await person.signOut();
  await person.signIn();
  if (!holds()) throw new ProbeFailure(`${person.email}: a later sign-in does not show ${what}`);
}

async function groups({ a, b }: Cast): Promise<void> {
  const [name, other] = [`Probe ${randomUUID().slice(0, 4)}`, `Probed ${randomUUID().slice(0, 4)}`];
  await a.client.roster.createGroup(name);
  await a.client.roster.addToGroup(b.email, name);
  await a.client.roster.renameGroup(name, other);
  await lasting(a, `the contact in the group ${other}`, () => a.contact(b)?.groups.includes(other) === true);
  await a.client.roster.removeFromGroup(b.email, other);
  await a.client.roster.deleteGroup(other);
  await lasting(a, `that ${other} is gone`, () => ![...a.client.roster.groups.values()].includes(other));
}

async function circle({ a, b }: Cast): Promise<void> {
  const name = `Probe ${randomUUID().slice(0, 8)}`;
  const id = await a.client.circles.create(name);
  const asked = b.hears("the invitation to the circle", "circleInvite", (invite) => invite.id === id);
  await a.client.circles.invite(id, b.email);
  await asked;
  await b.client.circles.accept(id);
  const [mine, theirs] = [a.client.circles.conversation(id), b.client.circles.conversation(id)];
  await a.until("that the other is in the circle", () => mine.members.has(b.email));
  await b.until("that the founder is in the circle", () => theirs.members.has(a.email));
  await talkAmong([
    { person: a, conversation: mine },
    { person: b, conversation: theirs },
  ]);
  const left = a.hears("that one has left the circle", "membersChanged", ({ members }) => !members.has(b.email));
  await b.client.circles.leave(id);
  await left;
}

/** The columns of the table, in the order in which they are played. */
export const FEATURES: readonly Feature[] = [
  { name: "presence", run: presence },
  { name: "psm", offered: ({ personalMessages }) => personalMessages, run: personalMessage },
  { name: "text", run: text },
  { name: "typing", run: typing },
  { name: "nudge", run: nudge },
  { name: "three people", needsThree: true, run: three },
  { name: "offline", offered: (dialect) => dialect.offline !== "none", run: offline },
  { name: "block", run: block },
  { name: "add/remove", run: removeAndAdd },
  { name: "groups", offered: ({ groups: form }) => form !== "none", run: groups },
  { name: "circle", offered: ({ circles }) => circles, run: circle },
];
