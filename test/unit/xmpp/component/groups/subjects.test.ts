import { expect, test } from "vitest";
import type { XmlElement } from "../../../../../src/xmpp/stanza/xml.ts";
import { to } from "../../conference/scene.ts";
import { House } from "./house.ts";

const NOTE = "Whoever has no MSN account here speaks through alice@msn.test, without their name.";
const PREFIXED = "Whoever has no MSN account here speaks through alice@msn.test, with their name in front.";

/** Subjects as Anna's client is told them. */
const subjects = (sent: readonly XmlElement[]): string[] =>
  to(sent, "anna").flatMap((one) => one.getChildText("subject") ?? []);

/** A room that the bridge has made once, that is its people's own now, and tied to a group. */
async function ownHouse(): Promise<House> {
  const house = await House.open();
  await house.release();
  house.subject("anna", "Our holidays");
  expect(await house.shape({ plumbed: true })).toSatisfy((sent) => subjects(sent).length === 0);
  return house;
}

test("what people must know of a relay stands behind their own subject, once, and goes with the relay", async () => {
  const house = await ownHouse();
  expect(subjects(await house.shape({ topic: NOTE }))).toEqual([`Our holidays [⇄ ${NOTE}]`]);
  expect(subjects(await house.shape({}))).toEqual([]);
  await house.restart();
  expect(subjects(await house.shape({}))).toEqual([]);
  expect(subjects(await house.shape({ topic: PREFIXED }))).toEqual([`Our holidays [⇄ ${PREFIXED}]`]);
  expect(subjects(await house.shape({ topic: "" }))).toEqual(["Our holidays"]);
});

test("who untied the room has its subject as it was", async () => {
  const house = await ownHouse();
  await house.shape({ topic: NOTE });
  const before = house.sent.length;
  await house.release();
  expect(subjects(house.sent.slice(before))).toEqual(["Our holidays"]);
  await house.release();
  expect(subjects(house.sent.slice(before))).toEqual(["Our holidays"]);
});

test("anna sets another subject: what people must know stands behind that one, too", async () => {
  const house = await ownHouse();
  await house.shape({ topic: NOTE });
  const before = house.sent.length;
  house.subject("anna", "Summer");
  await expect.poll(() => subjects(house.sent.slice(before))).toEqual(["Summer", `Summer [⇄ ${NOTE}]`]);
  const next = house.sent.length;
  house.subject("bert", `Autumn [⇄ ${NOTE}]`);
  await expect.poll(() => subjects(house.sent.slice(next))).toEqual([`Autumn [⇄ ${NOTE}]`]);
  expect(subjects(await house.shape({ topic: "" }))).toEqual(["Autumn"]);
});

test("a group's room that is left to its people keeps its topic without what is said of the relay", async () => {
  const house = await House.open();
  await house.shape({ topic: `Holidays | ${NOTE}` });
  const before = house.sent.length;
  await house.release();
  expect(subjects(house.sent.slice(before))).toEqual(["Holidays"]);
});

test("a long subject of the people's own is kept whole, whatever stands behind it", async () => {
  const house = await House.open();
  await house.release();
  const long = "x".repeat(1000);
  house.subject("anna", long);
  expect(subjects(await house.shape({ plumbed: true, topic: NOTE }))).toEqual([`${long} [⇄ ${NOTE}]`]);
  expect(subjects(await house.shape({}))).toEqual([]);
  expect(subjects(await house.shape({ topic: "" }))).toEqual([long]);
});

test("anna changes what stands before the brackets, which was the group's topic: what they say is said once, and goes with the relay", async () => {
  const house = await ownHouse();
  await house.shape({ topic: `Our holidays | ${NOTE}` });
  const before = house.sent.length;
  house.subject("anna", `Summer [⇄ ${NOTE}]`);
  const whole = `Summer [⇄ Our holidays | ${NOTE}]`;
  await expect.poll(() => subjects(house.sent.slice(before))).toEqual([`Summer [⇄ ${NOTE}]`, whole]);
  expect(subjects(await house.shape({ topic: "Our holidays" }))).toEqual(["Summer [⇄ Our holidays]"]);
  expect(subjects(await house.shape({ topic: "" }))).toEqual(["Summer"]);
});

test.each(["Holidays", ""])(
  "a room whose subject an older bridge has set, with what people must know of a relay, loses that with the relay (%s)",
  async (topic) => {
    const house = await ownHouse();
    const whole = topic === "" ? NOTE : `${topic} | ${NOTE}`;
    await house.shape({ topic: whole });
    await house.restart((head) => {
      const { told: _, ...older } = JSON.parse(head);
      return JSON.stringify({ ...older, subject: { ...older.subject, text: whole } });
    });
    const now = topic === "" ? `[⇄ ${NOTE}]` : `${topic} [⇄ ${NOTE}]`;
    expect(subjects(await house.shape({}))).toEqual([now]);
    expect(subjects(await house.shape({ topic }))).toEqual([topic]);
  },
);

test.each([
  ["takes another note has that behind it", (house: House) => house.shape({ topic: PREFIXED }), ` [⇄ ${PREFIXED}]`],
  ["takes that the room is untied has nothing behind it", (house: House) => house.release(), ""],
])("a subject that is stored while the server %s", async (_, changes, note) => {
  const house = await ownHouse();
  await house.shape({ topic: NOTE });
  const processed = Promise.withResolvers<void>();
  house.processed = processed.promise;
  const before = house.sent.length;
  house.subject("anna", "Summer");
  const changed = changes(house);
  await expect.poll(() => subjects(house.sent.slice(before))).toContain("Summer");
  processed.resolve();
  await changed;
  expect(subjects(house.sent.slice(before)).at(-1)).toBe(`Summer${note}`);
});
