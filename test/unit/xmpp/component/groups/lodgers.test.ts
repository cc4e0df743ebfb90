import { expect, test } from "vitest";
import { el } from "../../../../../src/xmpp/stanza/xml.ts";
import { bodies, codes, error, to } from "../../conference/scene.ts";
import { contact, House, resident } from "./house.ts";

const [ANNA, BERT, CARL] = ["anna@example.org", "bert@example.org", "carl@example.org"];
const withoutBert = [contact("bob"), resident("anna", "admin")];

test.each([
  ["the bridge having shown the group", async () => {}],
  ["the bridge having begun anew", async (house: House) => house.restart()],
])(
  "bert, who is in the group, is asked in once more, %s; when he leaves the group he is out, and hears nothing",
  async (_, before) => {
    const house = await House.open();
    await before(house);
    house.invite("anna", BERT);
    const told = await house.shape({ people: withoutBert });
    expect(to(told, "bert").flatMap(codes)).toContain("321");
    expect(bodies(to(await house.bobSays("without bert"), "bert"))).toEqual([]);
    expect(error(house.enter("bert", "Bert")[0])).toBe("auth registration-required");
  },
);

test("nobody is put out who is in the group, however often they were asked in", async () => {
  const house = await House.open();
  house.invite("anna", BERT);
  const answer = house.admin("anna", { jid: BERT, affiliation: "none" });
  expect(error(answer)).toBe("cancel not-allowed");
  expect(answer?.toString()).toContain("because they are in the group on MSN");
  expect(house.ranked("member")).toEqual([BERT]);
});

test("a conversation's room that is left to its people is theirs who were in it: carl, whom they had asked in, is their guest", async () => {
  const house = await House.open("several");
  house.invite("bert", CARL);
  house.enter("carl", "Carl");
  await house.release();
  expect([house.ranked("owner"), house.ranked("member")]).toEqual([[ANNA, BERT], [CARL]]);
  expect(error(house.admin("carl", { jid: ANNA, affiliation: "outcast" }))).toBe("auth forbidden");
});

test("a circle's room that nobody runs is left to those who were in the circle", async () => {
  const house = await House.open();
  await house.shape({ people: [contact("bob"), resident("anna"), resident("bert")] });
  house.invite("bert", CARL);
  await house.release();
  expect([house.ranked("owner"), house.ranked("member")]).toEqual([[ANNA, BERT], [CARL]]);
});

test("carl, whom people have made an owner of their room, is a guest again when it is the group's again", async () => {
  const house = await House.open();
  house.invite("anna", CARL);
  await house.release();
  expect(house.admin("anna", { jid: CARL, affiliation: "owner" })?.attrs.type).toBe("result");
  await house.groups.openGroup(house.view);
  expect([house.ranked("owner"), house.ranked("member")]).toEqual([[ANNA], [BERT, CARL]]);
});

test("who is not in the group cannot be made to run its room", async () => {
  const house = await House.open();
  house.invite("anna", CARL);
  const answer = house.admin("anna", { jid: CARL, affiliation: "admin" });
  expect(error(answer)).toBe("cancel not-allowed");
  expect(answer?.toString()).toContain("They are not in the group on MSN");
});

test("carl is banned, and stays so however the group changes, until he is let in again", async () => {
  const house = await House.open();
  house.invite("anna", CARL);
  house.enter("carl", "Carl");
  expect(house.admin("anna", { jid: CARL, affiliation: "outcast" })?.attrs.type).toBe("result");
  await house.shape({ people: [...house.view.people, contact("carol")] });
  await house.restart();
  await house.shape({});
  expect(house.ranked("outcast")).toEqual([CARL]);
  expect(error(house.invite("bert", CARL)[0])).toBe("auth forbidden");
  expect(house.admin("anna", { jid: CARL, affiliation: "member" })?.attrs.type).toBe("result");
  await house.shape({ people: withoutBert });
  expect(house.ranked("member")).toEqual([CARL]);
});

test("a stranger is banned before they come; of who is in the group that is refused, with the reason", async () => {
  const house = await House.open();
  expect(house.admin("anna", { jid: CARL, affiliation: "outcast" })?.attrs.type).toBe("result");
  expect(house.ranked("outcast")).toEqual([CARL]);
  const answer = house.admin("anna", { jid: BERT, affiliation: "outcast" });
  expect(answer?.toString()).toContain("because they are in the group on MSN");
});

test("who was banned and is taken into the group on MSN comes in by that", async () => {
  const house = await House.open();
  house.admin("anna", { jid: CARL, affiliation: "outcast" });
  await house.shape({ people: [...house.view.people, resident("carl")] });
  expect(house.ranked("member")).toEqual([BERT, CARL]);
});

test("carl is taken into the group before it is known that his invitation could not be delivered: he stays in its room", async () => {
  const house = await House.open();
  const invitation = house.invite("anna", CARL).find(({ attrs }) => attrs.to === CARL);
  await house.shape({ people: [...house.view.people, resident("carl")] });
  const failure = el(
    "error",
    { type: "cancel" },
    el("remote-server-not-found", { xmlns: "urn:ietf:params:xml:ns:xmpp-stanzas" }),
  );
  house.ask(el("message", { from: CARL, to: house.room, type: "error", id: invitation?.attrs.id }, failure));
  expect(house.ranked("member")).toEqual([BERT, CARL]);
});
