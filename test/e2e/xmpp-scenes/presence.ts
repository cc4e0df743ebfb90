import { describe, expect, test } from "vitest";
import type { Availability } from "../../../src/bridge/model.ts";
import type { OwnPresence } from "../../../src/cli/sandbox/xmpp-person.ts";
import { bare, NS, type SeenMessage } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import type { MsnStatus } from "../../../src/msnp/index.ts";
import type { Resident, Stage } from "./stage.ts";

/** How each state of MSN looks on XMPP; `undefined`: as gone. The personal message is "At work". */
const ON_XMPP: Readonly<
  Record<Availability, { set: MsnStatus; seen: { show: string | undefined; status: string } | undefined }>
> = {
  busy: { set: "BSY", seen: { show: "dnd", status: "At work" } },
  idle: { set: "IDL", seen: { show: "xa", status: "At work" } },
  "be-right-back": { set: "BRB", seen: { show: "away", status: "Be right back – At work" } },
  away: { set: "AWY", seen: { show: "away", status: "At work" } },
  "on-the-phone": { set: "PHN", seen: { show: "dnd", status: "On the phone – At work" } },
  "out-to-lunch": { set: "LUN", seen: { show: "away", status: "Out to lunch – At work" } },
  hidden: { set: "HDN", seen: undefined },
  offline: { set: "FLN", seen: undefined },
  online: { set: "NLN", seen: { show: undefined, status: "At work" } },
};

/** How what people's clients show looks on MSN. The network is told of one account every two seconds: they take turns. */
const ON_MSN: readonly (readonly [Resident, OwnPresence, MsnStatus, string])[] = [
  ["anna", { show: "away", status: "Tea" }, "AWY", "Tea"],
  ["ben", { show: "dnd", status: "In a meeting" }, "BSY", "In a meeting"],
  ["cleo", { show: "away", status: "Be right back" }, "BRB", ""],
  ["dora", { show: "dnd", status: "On the phone – with mum" }, "PHN", "with mum"],
  ["emil", { show: "away", status: "out to lunch - pasta" }, "LUN", "pasta"],
];

export function scenePresence(on: () => Stage): void {
  /** Whether Bob sees somebody so, with that personal message: the two come one after the other. */
  const sees = (name: Resident, status: MsnStatus, text: string): boolean => {
    const seen = on().bob.contact(on().email(name));
    return seen?.status === status && seen.personalMessage === text;
  };

  test("Bob sets a personal message: everybody sees it as his status", async () => {
    const { bob, bobs } = on();
    await bob.setPersonalMessage("At work");
    for (const { person } of on().residents())
      await person.waitForPresence(bobs, "at work", ({ show, status }) => status === "At work" && show === undefined);
  });

  for (const [state, { set, seen }] of Object.entries(ON_XMPP)) {
    const shown = seen === undefined ? "gone" : `${seen.show ?? "available"}, "${seen.status}"`;
    test(`Bob is ${state}: Anna sees him ${shown}`, async () => {
      const { anna, bob, bobs } = on();
      if (set === "FLN") {
        await bob.setStatus("AWY");
        await anna.waitForPresence(bobs, "there", ({ type }) => type === "available");
        await bob.signOut();
      } else if (bob.closed === undefined) await bob.setStatus(set);
      else {
        await bob.signInAgain();
        await bob.setPersonalMessage("At work");
      }
      await anna.waitForPresence(bobs, state, ({ type, show, status }) =>
        seen === undefined
          ? type === "unavailable"
          : type === "available" && show === seen.show && status === seen.status,
      );
    });
  }

  for (const [name, shown, set, text] of ON_MSN) {
    test(`${name} is ${shown.show}, "${shown.status}": Bob sees ${set}, "${text}"`, async () => {
      const { bob } = on();
      await on()[name].setPresence(shown);
      await bob.waitFor(`${name} to be ${set}`, () => sees(name, set, text));
    });
  }

  test("Anna's second client is told how Bob is, because her server asks; and she may ask herself", async () => {
    const { anna, bob, bobs, world } = on();
    await bob.setPersonalMessage("Still here");
    await anna.waitForPresence(bobs, "still here", ({ status }) => status === "Still here");
    const tablet = await world.person("anna", { resource: "tablet" });
    await tablet.waitForPresence(bobs, "still here", ({ status }) => status === "Still here");
    const before = anna.presences.length;
    await anna.sendPresence(`${bobs}/msn`, "probe");
    await anna.waitFor("an answer", () =>
      anna.presences.slice(before).some(({ from, status }) => bare(from) === bobs && status === "Still here"),
    );
    await tablet.close();
  });

  // Everybody's account may change once in two seconds: each of these has one of their own.
  describe.concurrent("at the same time", () => {
    test("Anna leaves with all her clients and her account stays: Bob sees her away; she comes back, free for chat: NLN", async () => {
      const { anna, bob, bobs } = on();
      await anna.goOffline();
      await bob.waitFor("Anna away", () => on().bobSees("anna") === "AWY");
      await anna.setPresence({ show: "chat", status: "Talk to me" });
      await bob.waitFor("Anna, free for chat", () => sees("anna", "NLN", "Talk to me"));
      await anna.waitForPresence(bobs, "there", ({ type }) => type === "available");
    });

    test("Ben hides: neither server passes on `type=invisible`, so he says `presence hidden`; Bob sees him gone, and busy as before again", async () => {
      const { ben, bob, gateway } = on();
      await ben.sendPresence(gateway, "invisible");
      await on().command(ben, "presence hidden", /is now hidden/);
      await bob.waitFor("Ben to be gone", () => on().bobSees("ben") === "FLN");
      await on().command(ben, "presence automatic", /./);
      await bob.waitFor("Ben to be busy", () => on().bobSees("ben") === "BSY");
      await ben.setPresence();
    });

    test("Cleo has a phone, too: of her clients the one with the highest priority speaks for her", async () => {
      const { bob, world } = on();
      const phone = await world.person("cleo", { resource: "phone", available: false });
      await phone.setPresence({ show: "dnd", status: "On the road", priority: 10 });
      await bob.waitFor("Cleo busy", () => on().bobSees("cleo") === "BSY");
      await phone.close();
      await bob.waitFor("Cleo right back", () => on().bobSees("cleo") === "BRB");
      await on().cleo.setPresence();
    });

    test("what Bob listens to is a tune on XMPP; what Dora listens to is playing on MSN; both end", async ({
      onTestFinished,
    }) => {
      const { dora, bob, bobs } = on();
      onTestFinished(async () => await dora.setPresence());
      // Not Anna: she is away beside this, and nobody keeps a tune for her.
      const tunes = (): string[] => dora.messages.flatMap((seen) => titleOf(seen, bobs) ?? []);
      await bob.listenTo("So What", "Miles Davis");
      await dora.waitFor("the tune", () => tunes().at(-1) === "Miles Davis - So What");
      await bob.listenTo();
      await dora.waitFor("its end", () => tunes().at(-1) === "");
      const media = () => bob.contact(on().email("dora"))?.media?.args[0] ?? "";
      await dora.ask.publishTune({ artist: "Nina Simone", title: "Feeling Good" });
      await bob.waitFor("Dora's tune", () => media() === "Nina Simone - Feeling Good");
      await dora.ask.publishTune();
      await bob.waitFor("its end", () => media() === "");
    });

    test("the menu of Emil's client asks for what `presence` needs; what he says there wins over his client, until `automatic`: xa is AWY", async () => {
      const { emil, bob, gateway } = on();
      const asking = await emil.ask.command(gateway, "presence");
      expect(asking).toMatchObject({ status: "executing", actions: ["complete"] });
      expect(asking.form?.fields.find(({ name }) => name === "state")?.options).toContain("on-the-phone");
      const done = await emil.ask.commandStep(asking, "complete", { state: "on-the-phone" });
      expect(done.notes[0]?.text).toContain("is now on the phone");
      await bob.waitFor("Emil on the phone", () => on().bobSees("emil") === "PHN");
      await emil.setPresence({ show: "xa", status: "On holiday" });
      await on().command(emil, "presence automatic", /./);
      await bob.waitFor("Emil on holiday", () => sees("emil", "AWY", "On holiday"));
      await emil.setPresence();
    });
  });
}

function titleOf({ from, event }: SeenMessage, jid: string): string | undefined {
  if (bare(from) !== jid || event?.node !== NS.tune) return undefined;
  return event.items[0]?.getChild("tune", NS.tune)?.getChildText("title") ?? "";
}
