import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { resourceOf, xml } from "../../../src/cli/sandbox/xmpp-stanza.ts";
import { makeRoom, setRank } from "../../support/xmpp-plumbing.ts";
import { seen } from "./groups.ts";
import type { Stage } from "./stage.ts";

/** A conference of the server that people tie to a circle. */
export function scenePlumbing(on: () => Stage): void {
  test("who rules neither room nor circle ties nothing; who rules both does, asks a contact in, asks the bridge back, and undoes it", async () => {
    const { anna, ben, bob, world } = on();
    await on().command(anna, "circle create Plumbers", /Plumbers/);
    await on().command(anna, "circle invite bob@msn.test Plumbers", /bob@msn\.test/);
    const id = await bob.waitFor(
      "the invitation",
      () => [...bob.circles.list.values()].find(({ name, state }) => name === "Plumbers" && state === "invited")?.id,
    );
    await bob.circles.accept(id);
    const [annas, bens] = ["a", "b"].map((which) => `${which}-${randomUUID().slice(0, 6)}@${world.server.muc}`);
    if (annas === undefined || bens === undefined) throw new Error("there are two rooms");
    await makeRoom(anna, annas, "Anna", { whois: "anyone", changesubject: "1" });
    await makeRoom(ben, bens, "Ben", { whois: "anyone" });
    const room = await ben.joinRoom(annas, "Ben");

    await on().command(ben, `bridge Plumbers ${annas}`, /no chat called|not done/i);
    await on().command(anna, `bridge Plumbers ${bens}`, /not done.*Ben/s);
    await on().command(anna, `bridge Plumbers ${annas}`, /is tied to/);

    await bob.circle(id).say("hello conference");
    await seen(ben, room, "hello conference");
    expect(room.messages.map(({ from, body }) => `${resourceOf(from)}: ${body}`)).toEqual(["Bob: hello conference"]);
    await anna.sayInRoom(annas, "hello circle");
    await bob.waitFor("Anna's words", () => bob.circle(id).texts().includes("hello circle"));

    const carol = await world.messenger("carol");
    const invite = xml("invite", { to: world.ghost("carol") });
    await anna.send(xml("message", { to: annas }, xml("x", { xmlns: "http://jabber.org/protocol/muc#user" }, invite)));
    await carol.waitFor("the invitation", () => carol.circles.list.get(id)?.state === "invited");

    await on().command(anna, `relay set Plumbers ${on().email("anna")}`, /speak/i);
    await on().command(anna, "relay prefix Plumbers on", /name/i);
    await ben.waitFor("the note", () => room.subject?.includes(`${on().email("anna")}, with their name`));
    await ben.sayInRoom(annas, "me, too");
    await bob.waitFor("Ben's words", () => bob.circle(id).texts().includes("[Ben] me, too"));
    expect(room.texts("Bob")).toEqual(["hello conference"]);

    const told = anna.textsFrom(on().gateway).length;
    await setRank(anna, annas, { nick: "MSN", role: "none" }, "just trying");
    await anna.waitFor("word of it", () =>
      anna
        .textsFrom(on().gateway)
        .slice(told)
        .some((text) => text.includes("portal resume")),
    );
    await ben.waitFor("the ghosts to go, too", () => room.nicks().join() === "Anna,Ben");
    await bob.circle(id).say("is anybody there?");
    await on().command(anna, "portal resume Plumbers", /goes on/);
    await seen(ben, room, "is anybody there?");

    await on().command(anna, `unbridge ${annas}`, /are apart now/);
    await ben.waitFor("the bridge to go", () => room.nicks().join() === "Anna,Ben");
    expect(room.subject ?? "").toBe("");
  });
}
