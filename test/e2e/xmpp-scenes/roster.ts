import { expect, test } from "vitest";
import { bare } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import type { Stage } from "./stage.ts";

/** How contacts come to stand on people's lists: by privilege where the server grants it and does it. */
export function sceneRoster(on: () => Stage, grants: "everything" | "nothing"): void {
  if (grants === "everything") {
    test("contacts stand on everybody's roster at once, under their names; nobody is asked", async () => {
      const { bobs, gateway } = on();
      for (const { person } of on().residents()) {
        const item = await person.waitFor("Bob on the roster", () => person.roster.get(bobs));
        expect(item).toMatchObject({ name: "Bob", subscription: "both", groups: ["MSN"] });
        await person.waitFor("the gateway on the roster", () => person.roster.get(gateway)?.subscription === "both");
        expect(person.presences.filter(({ type }) => type === "subscribe")).toEqual([]);
      }
    });
  } else {
    test("nothing is put on anybody's roster; each contact asks, once, and is there when that is agreed to", async () => {
      const { bobs, gateway } = on();
      for (const { person } of on().residents()) expect([...person.roster.keys()]).toEqual([]);
      await Promise.all(
        on()
          .residents()
          .map(async ({ person }) => {
            await on().agree(person, gateway);
            await on().agree(person, bobs);
            const asked = person.presences.filter(({ type }) => type === "subscribe");
            expect(asked.map(({ from, nick }) => [bare(from), nick])).toEqual([
              [gateway, "MSN"],
              [bobs, "Bob"],
            ]);
          }),
      );
    });
  }

  test("a contact's name and card can be asked for", async () => {
    const { anna, bobs } = on();
    const there = await anna.waitForPresence(bobs, "online", ({ type, show }) => type === "available" && !show);
    expect(there.nick).toBe("Bob");
    const card = await anna.ask.vcard(bobs);
    expect([card.getChildText("FN"), card.getChildText("NICKNAME")]).toEqual(["Bob", "Bob"]);
    expect(card.getChild("EMAIL")?.getChildText("USERID")).toBe("bob@msn.test");
  });

  test("Bob changes his name on MSN, and Anna sees the new one", async () => {
    const { anna, bob, bobs, world } = on();
    await bob.setDisplayName("Bobby ☺");
    await anna.waitForPresence(bobs, "Bobby", ({ nick }) => nick === "Bobby ☺");
    if (world.setsRosters) await anna.waitFor("Bobby on the roster", () => anna.roster.get(bobs)?.name === "Bobby ☺");
    await bob.setDisplayName("Bob");
    await anna.waitForPresence(bobs, "Bob", ({ nick }) => nick === "Bob");
  });
}
