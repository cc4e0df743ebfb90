import { expect, test } from "vitest";
import type { XmlElement } from "../../../../../src/xmpp/stanza/xml.ts";
import { el } from "../../../../../src/xmpp/stanza/xml.ts";
import { full, MUC } from "../../conference/scene.ts";
import { House } from "./house.ts";

function cardOf(house: House, nick: string): XmlElement[] {
  const card = el("vCard", { xmlns: "vcard-temp" });
  return house.ask(el("iq", { from: full("bert"), to: `${house.room}/${nick}`, type: "get", id: "card" }, card));
}

function sees(house: House, whois: string): void {
  const value = (name: string, text: string) => el("field", { var: name }, el("value", {}, text));
  const fields = [value("FORM_TYPE", `${MUC}#roomconfig`), value("muc#roomconfig_whois", whois)];
  const query = el("query", { xmlns: `${MUC}#owner` }, el("x", { xmlns: "jabber:x:data", type: "submit" }, fields));
  const answers = house.ask(el("iq", { from: full("anna"), to: house.room, type: "set", id: "conf" }, query));
  expect(answers.find(({ name }) => name === "iq")?.attrs.type).toBe("result");
}

test("in a room whose people hide the addresses, a contact's card has the name alone", async () => {
  const house = await House.open();
  await house.release();
  await house.shape({ plumbed: true });
  sees(house, "moderators");
  const [card] = cardOf(house, "Bob");
  expect(card?.attrs).toMatchObject({ type: "result", id: "card", from: `${house.room}/Bob`, to: full("bert") });
  expect(card?.getChild("vCard")?.getChildText("FN")).toBe("Bob");
  expect(card?.toString()).not.toContain("msn.test");
  expect(house.answered).toEqual([]);
  sees(house, "anyone");
  expect(cardOf(house, "Bob")).toEqual([]);
  expect(house.answered).toEqual(["bob\\40msn.test@msn.example.org"]);
});
