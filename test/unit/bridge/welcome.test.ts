import { expect, test } from "vitest";
import { Nudges, tooEarly } from "../../../src/bridge/nudges.ts";
import type { FirstSight } from "../../../src/bridge/welcome.ts";
import { welcome } from "../../../src/bridge/welcome.ts";
import { portal } from "./support.ts";

const seen: FirstSight = {
  address: "alice@msn.test",
  network: "Toynet",
  elsewhere: [],
  contacts: 0,
  circles: [],
  requests: 0,
  invitations: 0,
};
const END =
  " No room is opened before somebody writes to you or you ask for one: say `contacts` to see who is there, `chat <address>` to talk, `help` for the rest.";

test.each<[string, Partial<FirstSight>, string]>([
  ["nothing yet", {}, "alice@msn.test on Toynet is linked. It has no contacts."],
  ["a contact", { contacts: 1 }, "alice@msn.test on Toynet is linked. It has 1 contact."],
  [
    "all there can be",
    { contacts: 12, circles: ["Book club", "Row\u202Eing"], requests: 1, invitations: 2 },
    "alice@msn.test on Toynet is linked. It has 12 contacts and is in 2 circles (Book club, Rowing). Your answer is waited for: 1 friend request (`requests`) and 2 invitations into circles (`circles`).",
  ],
  [
    "many circles, some that cannot be seen",
    { contacts: 2, circles: ["a", "", "c", "d", "e", "f"], invitations: 1 },
    "alice@msn.test on Toynet is linked. It has 2 contacts and is in 6 circles (a, one without a name, c, d, e, …). Your answer is waited for: 1 invitation into circles (`circles`).",
  ],
  [
    "another home",
    { elsewhere: ["Toyhouse"] },
    "alice@msn.test on Toynet is linked as it is from Toyhouse. What is said there is here too, and what you say here is there. It has no contacts.",
  ],
])("the one notice after linking, with %s", (_, change, text) => {
  expect(welcome({ ...seen, ...change })).toBe(text + END);
});

test("one nudge in ten seconds and chat, whatever became of other chats", () => {
  let now = 1000;
  const nudges = new Nudges(() => now);
  expect(nudges.take(portal("bob"))).toBe(0);
  expect(nudges.take(portal("carol"))).toBe(0);
  now += 4000.5;
  expect(nudges.take(portal("bob"))).toBe(6000);
  expect(tooEarly(6000)).toBe("MSN takes one nudge in 10 seconds. Nudge again in 6 s.");
  nudges.giveBack(portal("carol"));
  expect(nudges.take(portal("carol"))).toBe(0);
  now += 6000;
  expect(nudges.take(portal("bob"))).toBe(0);
});
