/** What tests of rooms look for. */
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import type { XmppRoom } from "../../../src/cli/sandbox/xmpp-room.ts";
import { type SeenMessage, type Stanza, xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";

export const MUC = "http://jabber.org/protocol/muc";
export const admin = (item: Stanza): Stanza => xml("query", { xmlns: `${MUC}#admin` }, item);
export const reply = (to: string, id: string): Stanza => xml("reply", { xmlns: "urn:xmpp:reply:0", to, id });

export async function seen(person: XmppPerson, room: XmppRoom, text: string): Promise<SeenMessage> {
  return await person.waitFor(`"${text}" in the room`, () => room.messages.find(({ body }) => body === text));
}

/** What a room has been asked for is done: its answer has nothing in it. */
export async function done(asked: Promise<Stanza>): Promise<void> {
  await asked.catch((error: unknown) => {
    if (!String(error).includes('type="result"')) throw error;
  });
}

/** What was said, as a client shows it: the same that comes again, because it may have been lost, is shown once. */
export function texts({ messages }: XmppRoom): (string | undefined)[] {
  const firsts = new Map(messages.map((message) => [message.stanzaId, message.body]));
  return [...firsts.values()];
}

/** Invitations to a room that somebody has. */
export const invitations = (person: XmppPerson, room: string): SeenMessage[] =>
  person.messages.filter(({ element }) => element.getChild("x", "jabber:x:conference")?.attrs.jid === room);
