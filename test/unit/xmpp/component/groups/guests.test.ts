import { expect, test } from "vitest";
import { NS, type XmlElement } from "../../../../../src/xmpp/stanza/xml.ts";
import { nickOf, presences, to } from "../../conference/scene.ts";
import { contact, House } from "./house.ts";

/** What Anna's client is told of who is there: nick and full name. */
const shown = (sent: readonly XmlElement[]): string[] =>
  to(sent, "anna").flatMap((one) => {
    const name = one.name === "presence" ? one.getChildText("nick", NS.nick) : null;
    return name === null ? [] : [`${nickOf(one)}: ${name}`];
  });
const speakers = (sent: readonly XmlElement[]): string[] =>
  to(sent, "anna").flatMap((one) => (one.name === "message" ? [nickOf(one)] : []));

test("a guest who is called otherwise from now on speaks under the new name", async () => {
  const house = await House.open();
  await house.guestSays("Max", "one");
  const sent = await house.guestSays("Maximilian", "two");
  expect([presences(to(sent, "anna")), speakers(sent)]).toEqual([["-Max 303", "Maximilian"], ["Maximilian"]]);
  expect(presences(to(await house.guestSays("Maximilian", "three"), "anna"))).toEqual([]);
});

test("a guest keeps the name with all its signs, of which a nick has not all, when the group changes", async () => {
  const house = await House.open();
  expect(shown(await house.guestSays("Max 🎉", "one"))).toEqual(["Max: Max 🎉"]);
  expect(shown(await house.shape({ people: [...house.view.people, contact("carol")] }))).toEqual(["Carol: Carol"]);
  expect(shown(await house.guestSays("Max 🎉", "two"))).toEqual([]);
});
