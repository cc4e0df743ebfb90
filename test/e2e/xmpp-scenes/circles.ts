import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { parseEmail } from "../../../src/msnp/index.ts";
import { invitedTo, seen } from "./groups.ts";
import type { Stage } from "./stage.ts";

const MUC = "http://jabber.org/protocol/muc";

/** Circles, which last: their rooms have a name and people who run them. */
export function sceneCircles(on: () => Stage): void {
  test("Anna makes a circle and asks Bob: he comes, they talk, she runs the room", async () => {
    const { anna, bob } = on();
    const asked = invitedTo(anna).length;
    await on().command(anna, "circle create Hikers", /Hikers/);
    await on().command(anna, "circle invite bob@msn.test Hikers", /bob@msn\.test/);
    const id = await bob.waitFor(
      "the invitation",
      () => [...bob.circles.list.values()].find(({ name, state }) => name === "Hikers" && state === "invited")?.id,
    );
    await bob.circles.accept(id);
    await bob.circle(id).say("when do we go?");
    const room = await anna.waitFor("the invitation", () => invitedTo(anna)[asked]);
    const annas = await anna.joinRoom(room, "Anna");
    await seen(anna, annas, "when do we go?");
    expect(annas.occupants.get("Anna")).toMatchObject({ affiliation: "owner", role: "moderator" });
    expect((await anna.ask.discoInfo(room)).identities[0]?.name).toBe("Hikers");
    await anna.sayInRoom(room, "on Sunday");
    await bob.waitFor("her answer", () => bob.circle(id).texts().includes("on Sunday"));

    // MSN's clients have no way to put people out or to rename a circle.
    const kick = xml("query", { xmlns: `${MUC}#admin` }, xml("item", { nick: "Bob", role: "none" }));
    await expect(anna.ask.query("set", room, kick)).rejects.toThrow("not-allowed");
    expect(annas.nicks()).toContain("Bob");
    const field = (name: string, value: string) => xml("field", { var: name }, xml("value", {}, value));
    const fields = [field("FORM_TYPE", `${MUC}#roomconfig`), field("muc#roomconfig_roomname", "Climbers")];
    const form = xml("x", { xmlns: "jabber:x:data", type: "submit" }, fields);
    await expect(anna.ask.query("set", room, xml("query", { xmlns: `${MUC}#owner` }, form))).rejects.toThrow(
      "not-allowed",
    );
    expect((await anna.ask.discoInfo(room)).identities[0]?.name).toBe("Hikers");

    await bob.circles.leave(id);
    await anna.waitFor("Bob to be gone", () => !annas.occupants.has("Bob"));
  });

  test("Bob and Ben come to run Anna's circle, and Ben does no more: each has the power in its room meanwhile", async () => {
    const { anna, ben, bob, world } = on();
    const asked = invitedTo(anna).length;
    await on().command(anna, "circle create Walkers", /Walkers/);
    await on().command(anna, "circle invite bob@msn.test Walkers", /bob@msn\.test/);
    await on().command(anna, `circle invite ${on().email("ben")} Walkers`, /dave@msn\.test/);
    const id = await bob.waitFor(
      "the invitation",
      () => [...bob.circles.list.values()].find(({ name, state }) => name === "Walkers" && state === "invited")?.id,
    );
    await bob.circles.accept(id);
    await ben.waitForMessage(/circle accept Walkers/, on().gateway);
    await on().command(ben, "circle accept Walkers", /Walkers/);
    await bob.circle(id).say("where to?");
    const room = await anna.waitFor("the invitation", () => invitedTo(anna)[asked]);
    const annas = await anna.joinRoom(room, "Anna");
    await ben.waitFor("the invitation", () => invitedTo(ben).includes(room));
    await ben.joinRoom(room, "Ben");
    await seen(anna, annas, "where to?");
    const becomes = (nick: string, affiliation: string): Promise<unknown> =>
      anna.waitFor(`${nick} to be ${affiliation}`, () => annas.occupants.get(nick)?.affiliation === affiliation);
    await becomes("Bob", "member");
    await becomes("Ben", "member");
    expect(annas.occupants.get("Bob")?.role).toBe("participant");
    await on().command(ben, "circle invite carol@msn.test Walkers", /only its admins/);

    const circle = /^9:(.*)@live\.com$/.exec(id)?.[1] ?? "";
    world.msn.setCircleRole(circle, "bob@msn.test", "Admin");
    world.msn.setCircleRole(circle, on().email("ben"), "Admin");
    await becomes("Bob", "admin");
    await becomes("Ben", "owner");
    expect([...annas.occupants.values()].map(({ role }) => role)).toEqual(["moderator", "moderator", "moderator"]);
    await on().command(ben, "circle invite carol@msn.test Walkers", /carol@msn\.test is invited/);

    world.msn.setCircleRole(circle, on().email("ben"), "Member");
    await becomes("Ben", "member");
    expect(annas.occupants.get("Ben")?.role).toBe("participant");
    await ben.sayInRoom(room, "to the hills");
    await bob.waitFor("Ben", () => bob.circle(id).texts(on().email("ben")).includes("to the hills"));
  });

  test("Bob asks Anna and Ben into his circle: each comes when they accept, and leaves for good with a word", async () => {
    const { anna, ben, bob } = on();
    const id = await bob.circles.create(`Club ${randomUUID().slice(0, 4)}`);
    const name = bob.circles.list.get(id)?.name ?? "";
    for (const who of ["anna", "ben"] as const) await bob.circles.invite(id, parseEmail(on().email(who)));
    const asked = invitedTo(anna).length;
    // The gateway tells of it once.
    for (const person of [anna, ben]) await person.waitForMessage(new RegExp(`circle accept ${name}`), on().gateway);
    await on().command(anna, `circle accept "${name}"`, /Club/);
    await bob.circle(id).say("welcome");
    const room = await anna.waitFor("the invitation", () => invitedTo(anna)[asked]);
    const annas = await anna.joinRoom(room, "Anna");
    await seen(anna, annas, "welcome");
    expect(annas.occupants.get("Anna")).toMatchObject({ affiliation: "member" });
    await on().command(ben, `circle accept "${name}"`, /Club/);
    await bob.circle(id).say("welcome Ben");
    await ben.waitFor("the invitation", () => invitedTo(ben).includes(room));
    const bens = await ben.joinRoom(room, "Ben");
    await ben.sayInRoom(room, "hello");
    await seen(anna, annas, "hello");
    await bob.waitFor("Ben", () => bob.circle(id).texts(on().email("ben")).includes("hello"));
    await ben.sayInRoom(room, "!msn leave");
    await ben.waitFor("to be out", () => bens.left);
    await anna.sayInRoom(room, "bye Ben");
    await bob.waitFor("Anna", () => bob.circle(id).texts().includes("bye Ben"));
    await expect(ben.joinRoom(room, "Ben")).rejects.toThrow("registration-required");
  });
}
