import { expect, test } from "vitest";
import type { AdHocCommands } from "../../../../src/xmpp/component/commands.ts";
import type { PrivilegedRosters } from "../../../../src/xmpp/component/privileged.ts";
import type { Registration } from "../../../../src/xmpp/component/register.ts";
import { Services } from "../../../../src/xmpp/component/services.ts";
import { Views } from "../../../../src/xmpp/component/views.ts";
import type { ComponentLink } from "../../../../src/xmpp/link/component-link.ts";
import { XMPP } from "../../../../src/xmpp/name.ts";
import { errorCondition } from "../../../../src/xmpp/stanza/errors.ts";
import { el, NS, type XmlElement } from "../../../../src/xmpp/stanza/xml.ts";
import { account, anna, annaPhone, bob, gateway, NET, names, silent } from "../support.ts";

function scene() {
  const answers: XmlElement[] = [];
  const stored: string[] = [];
  const views = new Views(names);
  const services = new Services({
    home: XMPP,
    link: { sendLoosely: (stanza: XmlElement) => answers.push(stanza) } as unknown as ComponentLink,
    names,
    networks: [NET],
    name: "MSN",
    version: "1",
    views,
    commands: {} as AdHocCommands,
    registration: {} as Registration,
    privileged: {} as PrivilegedRosters,
    grants: () => undefined,
    rooms: () => [],
    store: async (acts) => void stored.push(...acts.map(({ act, to }) => `${act} ${to}`)),
    log: silent,
  });
  return { answers, stored, views, services };
}

test("a stranger has nobody blocked, and nothing is stored of it", async () => {
  const { answers, stored, views, services } = scene();
  const block = el("block", { xmlns: NS.blocking }, el("item", { jid: bob }));
  const iq = el("iq", { type: "set", id: "1", from: annaPhone, to: gateway }, block);
  await services.handle(iq);
  expect(errorCondition(answers[0] ?? iq).condition).toBe("registration-required");
  expect(stored).toEqual([]);
  views.setState(account(), anna, "on");
  await services.handle(iq);
  expect(answers[1]?.attrs.type).toBe("result");
  expect(stored).toEqual([`block ${bob}`]);
});

test("who asks whether they are still in a room that is none hears that they are not; nothing else is there to be asked", async () => {
  const { answers, services } = scene();
  const room = `msntest.set-1@${gateway}`;
  const ask = (to: string, ...children: XmlElement[]) =>
    services.handle(el("iq", { type: "get", id: "1", from: annaPhone, to }, children));
  // XEP-0410 §3.3: `item-not-found` would say that they are, under another name.
  await ask(`${room}/Anna`, el("ping", { xmlns: NS.ping }));
  await ask(room, el("ping", { xmlns: NS.ping }));
  await ask(`${room}/Anna`, el("vCard", { xmlns: NS.vcard }));
  const conditions = answers.map((one) => errorCondition(one).condition);
  expect(conditions).toEqual(["not-acceptable", "item-not-found", "item-not-found"]);
});
