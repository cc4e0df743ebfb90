import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { bare, xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { parseEmail } from "../../../src/msnp/index.ts";
import { address, type Stage } from "./stage.ts";

const BOB = parseEmail(address("bob"));
const CAROL = parseEmail(address("carol"));
const ZOE = parseEmail(address("zoe"));

/** The contact list, changed on XMPP and changed on MSN. */
export function sceneContacts(on: () => Stage): void {
  /** The lists and groups of somebody on Alice's contact list, as the network has them. */
  const onMsn = (email: string) => on().world.msn.account(on().email("anna")).contacts.get(email);

  /**
   * What a place of an account hears of another's list it tells the network in its turn, on a way of its own: said after the
   * contrary at the other place, that would be done anew. Gives the way to wait until both have said it.
   */
  const bothTell = (what: string): (() => Promise<void>) => {
    const { trace } = on().world;
    const begin = `what both places tell: ${what}`;
    trace.add("test", begin);
    const places = (): number => {
      const lines = trace.lines();
      const since = lines.slice(lines.findLastIndex((line) => line.endsWith(begin)));
      return new Set(since.flatMap((line) => /network (NS \d+) +>>> ADL /.exec(line)?.[1] ?? [])).size;
    };
    return async () => await expect.poll(places).toBe(2);
  };

  test("Anna adds Carol by her JID; Carol is asked on MSN and agrees; both see each other", async () => {
    const { anna, world } = on();
    const carol = await on().visitor("carol");
    const carols = world.ghost("carol");
    await anna.setContact(carols, "Carol");
    await anna.sendPresence(carols, "subscribe", xml("status", {}, "It is me"));
    await anna.waitFor("Carol on the roster", () =>
      ["to", "both"].includes(anna.roster.get(carols)?.subscription ?? ""),
    );
    const alice = parseEmail(on().email("anna"));
    await carol.waitFor("the request", () => carol.roster.requests.some(({ email }) => email === alice));
    await carol.roster.accept(alice);
    await anna.waitForPresence(carols, "there", ({ type }) => type === "available");
    await carol.waitFor("Anna", () => carol.contact(alice)?.status === "NLN");
    expect(onMsn(CAROL)?.lists).toEqual(expect.arrayContaining(["FL", "AL"]));
  });

  test("Anna removes Carol, and Carol is on no list of hers on MSN", async () => {
    const { anna, world } = on();
    const carols = world.ghost("carol");
    await anna.removeContact(carols);
    await expect.poll(() => onMsn(CAROL)?.lists.includes("FL") ?? false).toBe(false);
    await anna.waitFor("Carol to be off the roster", () => !anna.roster.has(carols));
  });

  test("Anna adds somebody whom nobody knows: she is told why not", async () => {
    const { anna, world } = on();
    const nobody = world.ghost("nobody-at-all");
    await anna.sendPresence(nobody, "subscribe");
    const refusal = await anna.waitFor("the refusal", () =>
      anna.presences.find(({ from, type }) => bare(from) === nobody && type === "unsubscribed"),
    );
    expect(refusal.status).toMatch(/nobody-at-all@msn\.test|nobody of that address/);
    await anna.removeContact(nobody);
  });

  test("Anna gives Bob a name and a group of hers, and MSN has them", async () => {
    const { anna, bobs, world } = on();
    if (world.setsRosters) await anna.setContact(bobs, "Robert", ["Work"]);
    else {
      await on().command(anna, "rename bob@msn.test Robert", /Robert/);
      await on().command(anna, "groups new Work", /Work/);
      await on().command(anna, "groups put bob@msn.test Work", /Work/);
    }
    await expect.poll(() => onMsn(BOB)?.groups).toEqual(["Work"]);
    await expect.poll(async () => await on().command(anna, "contacts bob", /bob@msn\.test/)).toContain("Robert (Bob)");
  });

  test("Anna's own Messenger renames and regroups Bob, and Anna sees it on XMPP", async () => {
    const { anna, bobs, world } = on();
    const laptop = await on().visitor("alice");
    await laptop.roster.rename(BOB, "Bert");
    await laptop.roster.createGroup("Friends");
    await laptop.roster.addToGroup(BOB, "Friends");
    await laptop.roster.removeFromGroup(BOB, "Work");
    if (world.setsRosters)
      await anna.waitFor("Bert among the friends", () => {
        const { name, groups } = anna.roster.get(bobs) ?? {};
        return name === "Bert" && groups?.join() === "Friends";
      });
    else {
      await expect.poll(async () => await on().command(anna, "contacts bob", /bob@msn\.test/)).toContain("Bert (Bob)");
      await expect
        .poll(async () => await on().command(anna, "groups", /Friends|Work|no groups/i))
        .toContain("Friends: bob@msn.test");
    }
    await laptop.roster.rename(BOB, "");
  });

  test("Anna's own Messenger adds Zoe and removes her: on XMPP she comes and goes", async () => {
    const { anna, world } = on();
    const zoes = world.ghost("zoe");
    const laptop = await on().visitor("alice");
    const told = bothTell("Zoe");
    await laptop.roster.add(ZOE);
    if (world.setsRosters) await anna.waitFor("Zoe on the roster", () => anna.roster.has(zoes));
    else await on().agree(anna, zoes);
    await told();
    await laptop.roster.remove(ZOE);
    if (world.setsRosters) await anna.waitFor("Zoe to go", () => !anna.roster.has(zoes));
    else
      await expect.poll(async () => await on().command(anna, "contacts zoe", /zoe/)).toBe('No contact matches "zoe".');
  });

  test("Anna blocks Bob in her client, and he sees her gone and she him; unblocked, both are back", async () => {
    const { anna, bob, bobs, gateway } = on();
    const ask = async (what: ReturnType<typeof xml>) =>
      await anna.send(xml("iq", { type: "set", id: randomUUID(), to: gateway }, what));
    const blocking = { xmlns: "urn:xmpp:blocking" };
    await ask(xml("block", blocking, xml("item", { jid: bobs })));
    await bob.waitFor("Anna to be gone", () => on().bobSees("anna") === "FLN");
    await anna.waitForPresence(bobs, "gone", ({ type }) => type === "unavailable");
    expect(onMsn(BOB)?.lists).toContain("BL");
    await ask(xml("unblock", blocking, xml("item", { jid: bobs })));
    await bob.waitFor("Anna to be back", () => on().bobSees("anna") === "NLN");
    await anna.waitForPresence(bobs, "there", ({ type }) => type === "available");
  });

  test("Anna's own Messenger blocks Bob: she sees him gone on XMPP, and back when he is unblocked", async () => {
    const { anna, bobs } = on();
    const laptop = await on().visitor("alice");
    const told = bothTell("Bob is blocked");
    await laptop.roster.block(BOB);
    await anna.waitForPresence(bobs, "gone", ({ type }) => type === "unavailable");
    await told();
    await laptop.roster.unblock(BOB);
    await anna.waitForPresence(bobs, "there", ({ type }) => type === "available");
  });

  test("Zoe asks on MSN to be a contact of Ben: he is asked on XMPP, agrees, and she sees him", async () => {
    const { ben, world } = on();
    const zoe = await on().visitor("zoe");
    const zoes = world.ghost("zoe");
    const dave = parseEmail(on().email("ben"));
    await zoe.roster.add(dave);
    const asked = await ben.waitFor("the request", () =>
      ben.presences.find(({ from, type }) => bare(from) === zoes && type === "subscribe"),
    );
    expect(asked.nick).toBe("Zoe");
    await ben.sendPresence(zoes, "subscribed");
    await zoe.waitFor("Ben", () => zoe.contact(dave)?.status === "NLN");
    await ben.sendPresence(zoes, "subscribe");
    await ben.waitForPresence(zoes, "there", ({ type }) => type === "available");
  });

  test("Carol asks Cleo, who turns her down: she is not told, and blocked on MSN", async () => {
    const { cleo, world } = on();
    const carol = await on().visitor("carol");
    const carols = world.ghost("carol");
    const erin = parseEmail(on().email("cleo"));
    await carol.roster.add(erin);
    await cleo.waitFor("the request", () =>
      cleo.presences.some(({ from, type }) => bare(from) === carols && type === "subscribe"),
    );
    await cleo.sendPresence(carols, "unsubscribed");
    await expect.poll(() => world.msn.account(erin).contacts.get(CAROL)?.lists ?? []).toContain("BL");
    await carol.waitFor("Cleo to be gone", () => carol.contact(erin)?.status === "FLN");
  });
}
