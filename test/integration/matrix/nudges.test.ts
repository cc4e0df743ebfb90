/** Nudges of contacts on Matrix: the person is rung, but not without end. */
import { afterEach, expect, it, vi } from "vitest";
import { ghostOf, portalOf, portalRoom, resident, words } from "../../support/matrix-home.ts";
import { ANNA, cleanScenes, type StubScene, scene } from "../../support/stub-scene.ts";

cleanScenes();
afterEach(() => void vi.useRealTimers());

const nudgeOf = (contact: string) => ({
  ...words(contact, "sent you a nudge", 1_115_000_000_000),
  kind: "notice" as const,
  nudge: true as const,
});

async function chat(s: StubScene, contact: string) {
  const room = await s.home.openDirect(portalOf(contact), resident(ANNA), ghostOf(contact), "Bob");
  const nudge = (key: string) => s.home.deliver(portalRoom(room, ANNA), ghostOf(contact), nudgeOf(contact), key);
  const seen = () => s.stub.room(room).events.map(({ content }) => content);
  return { room, nudge, seen };
}

const ringing = { msgtype: "m.text", "msnbridge.nudge": true, "m.mentions": { user_ids: [ANNA] } };
const silent = { msgtype: "m.notice", "msnbridge.nudge": true, "m.mentions": {} };

it("the first rings, those behind it are shown, and after ten seconds it rings again", async () => {
  const s = await scene();
  const bob = await chat(s, "bob@example.com");
  const ben = await chat(s, "ben@example.com");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
  await bob.nudge("k1");
  await bob.nudge("k2");
  await ben.nudge("k3");
  vi.setSystemTime(Date.now() + 10_000);
  await bob.nudge("k4");
  expect(bob.seen()).toMatchObject([ringing, silent, ringing]);
  expect(ben.seen()).toMatchObject([ringing]);
  expect(bob.seen()[0]?.body).toMatch(/^👋 .+ sent you a nudge$/);
});

it("a nudge whose answer was lost rings in its next try, too, and is one message", async () => {
  const s = await scene();
  const bob = await chat(s, "bob@example.com");
  s.stub.fail("send", { kind: "reset" });
  await expect(bob.nudge("k1")).rejects.toMatchObject({ code: "home-down" });
  await bob.nudge("k1");
  expect(bob.seen()).toMatchObject([ringing]);
});
