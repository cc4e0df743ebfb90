import { expect, test } from "vitest";
import { BridgeError } from "../../../../src/bridge/errors.ts";
import type { RosterDesk } from "../../../../src/bridge/ports/home.ts";
import { Marks } from "../../../../src/xmpp/component/marks.ts";
import { Performer } from "../../../../src/xmpp/component/perform.ts";
import type { RosterTeller } from "../../../../src/xmpp/component/rosters.ts";
import { Views } from "../../../../src/xmpp/component/views.ts";
import type { Act } from "../../../../src/xmpp/convert/stored.ts";
import type { ComponentLink } from "../../../../src/xmpp/link/component-link.ts";
import { XMPP } from "../../../../src/xmpp/name.ts";
import type { XmlElement } from "../../../../src/xmpp/stanza/xml.ts";
import { account, anna, annaPhone, bob, names, Profiles, silent } from "../support.ts";

/** Anna, whose server has nobody for what the gateway says to her. */
function stage() {
  const sent: XmlElement[] = [];
  const views = new Views(names);
  const profiles = new Profiles();
  const performer = new Performer({
    home: XMPP,
    link: { sendSurely: async (...stanzas: XmlElement[]) => void sent.push(...stanzas) } as unknown as ComponentLink,
    names,
    views,
    teller: {} as RosterTeller,
    asked: new Marks(profiles, "asked"),
    isSet: () => false,
    desk: () => ({ accounts: async () => [], change: async () => {} }) as unknown as RosterDesk,
    // As the home says it: an answer that nobody takes is dropped, news are kept.
    say: async (_, room) => {
      if (room === undefined) throw new BridgeError("home-down");
    },
    log: silent,
  });
  const act = (act: Act) => performer.perform({ kind: "act", act, from: annaPhone, to: bob });
  return { act, subscribe: () => act("subscribe"), sent, views, profiles };
}

test("a stranger is refused, and nothing is kept for them when their server does not take the reason", async () => {
  const { subscribe, sent } = stage();
  await subscribe();
  expect(sent.map(({ attrs }) => attrs.type)).toEqual(["unsubscribed"]);
});

test("who has an account hears the reason when they are back", async () => {
  const { subscribe, views } = stage();
  views.setState({ ...account(), network: "other" as never }, anna, "on");
  await expect(subscribe()).rejects.toMatchObject({ code: "home-down" });
});

test("what a stranger agrees to is not kept", async () => {
  const { act, views, profiles } = stage();
  await act("subscribed");
  expect(profiles.residents.size).toBe(0);
  views.setState(account(), anna, "on");
  await act("subscribed");
  expect(profiles.residents.size).toBe(1);
});
