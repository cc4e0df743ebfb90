import { expect, test } from "vitest";
import type { Asking } from "../../../../src/xmpp/component/asking.ts";
import type { Blocks } from "../../../../src/xmpp/component/blocks.ts";
import type { Lists } from "../../../../src/xmpp/component/lists.ts";
import { Marks } from "../../../../src/xmpp/component/marks.ts";
import type { PrivilegedRosters } from "../../../../src/xmpp/component/privileged.ts";
import { RosterTeller } from "../../../../src/xmpp/component/rosters.ts";
import { Views } from "../../../../src/xmpp/component/views.ts";
import type { BareJid } from "../../../../src/xmpp/jid.ts";
import type { ComponentLink } from "../../../../src/xmpp/link/component-link.ts";
import type { XmlElement } from "../../../../src/xmpp/stanza/xml.ts";
import { account, anna, annaJid, bob, contact, names, Profiles, silent } from "../support.ts";

/** One who tells anna of her contacts, where her server lets nothing be set. */
function stage() {
  const sent: XmlElement[] = [];
  const send = (stanza: XmlElement) => void sent.push(stanza);
  const link = { isOnline: true, send, sendLoosely: send, sendSurely: async () => {} } as unknown as ComponentLink;
  const forgets: ((ghost: BareJid) => boolean)[] = [];
  const teller = new RosterTeller({
    link,
    names,
    name: "MSN",
    views: new Views(names),
    asked: new Marks(new Profiles(), "asked"),
    asking: { online: () => {}, request: () => {} } as unknown as Asking,
    privileged: {} as PrivilegedRosters,
    blocks: { forget: async () => {} } as unknown as Blocks,
    lists: { due: () => {}, isSet: () => false, stop: () => {} } as unknown as Lists,
    gone: (_, isGone) => void forgets.push(isGone),
    isThere: () => true,
    log: silent,
  });
  const letGo = () => sent.filter(({ attrs }) => attrs.type === "unsubscribed").map(({ attrs }) => attrs.from);
  return { teller, sent, letGo, forgets };
}

test("a list that is suddenly empty lets nobody go, though another account has contacts", () => {
  const { teller, letGo, sent } = stage();
  const [one, two] = [account("alice"), account("alice2")];
  for (const record of [one, two]) teller.showAccount(record, anna, "on");
  teller.showRoster(one, anna, [contact("bob"), contact("ben")]);
  teller.showRoster(two, anna, [contact("carl")]);
  teller.showRoster(one, anna, []);
  expect(letGo()).toEqual([]);
  teller.showRoster(one, anna, [contact("bob"), contact("ben")]);
  teller.showRoster(one, anna, [contact("ben")]);
  expect(letGo()).toEqual([bob]);
  expect(sent.every(({ attrs }) => attrs.to === annaJid)).toBe(true);
});

test("who was a contact of an unlinked account alone is forgotten; strangers are, when it was the last", () => {
  const { teller, forgets } = stage();
  const [one, two] = [account("alice"), account("alice2")];
  const [ben, stranger] = ["ben", "stranger"].map((name) => bob.replace("bob", name) as BareJid);
  for (const record of [one, two]) teller.showAccount(record, anna, "on");
  teller.showRoster(one, anna, [contact("bob"), contact("ben")]);
  teller.showRoster(two, anna, [contact("ben")]);
  const forgotten = () => [bob, ben, stranger, names.gateway].map((jid) => jid !== undefined && forgets.at(-1)?.(jid));
  teller.dropRoster(one, anna);
  expect(forgotten()).toEqual([true, false, false, false]);
  teller.dropRoster(two, anna);
  expect(forgotten()).toEqual([true, true, true, false]);
});
