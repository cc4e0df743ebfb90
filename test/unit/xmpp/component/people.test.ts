import { expect, test } from "vitest";
import type { HomeHost, RosterDesk } from "../../../../src/bridge/ports/home.ts";
import { People } from "../../../../src/xmpp/component/people.ts";
import { parseJid } from "../../../../src/xmpp/jid.ts";
import { XMPP } from "../../../../src/xmpp/name.ts";
import { anna, annaJid, gateway, Profiles, silent } from "../support.ts";

test("who had a client that takes nothing in, and now has one that does, can be told what waits for them", () => {
  const came: string[] = [];
  const side = new People({
    home: XMPP,
    host: () => ({ presence: () => {} }) as unknown as HomeHost,
    desk: () => ({}) as unknown as RosterDesk,
    profiles: new Profiles(),
    stayOn: true,
    limit: 10,
    leaveMs: 20,
    isKnown: () => true,
    came: (who) => came.push(`${who} ${side.hears(annaJid)}`),
    log: silent,
  });
  const say = (resource: string, priority: number): void =>
    side.heard({
      from: parseJid(`${annaJid}/${resource}`),
      to: parseJid(gateway),
      id: undefined,
      type: "available",
      show: undefined,
      status: "",
      priority,
    });
  say("watch", -1);
  say("phone", 0);
  say("desk", 0);
  expect(came).toEqual([`${anna} false`, `${anna} true`]);
});
