import { describe, expect, it } from "vitest";
import { parseEmail, parseMachineGuid } from "../../../../src/msnp/index.ts";
import { eventually, next } from "../stage.ts";
import { play } from "./book-scene.ts";
import {
  ALICE,
  answer,
  asHeard,
  BOB,
  bytesOf,
  CAROL,
  CIRCLE,
  command,
  GROUP,
  heard,
  sample,
  TRANSCRIPT,
} from "./book-server.ts";

describe("lists (source: msnp21 §2.6)", () => {
  it("hides from somebody in place of blocking, and shows itself again, as the book does", async () => {
    const { client, server } = await play();
    await client.roster.block(BOB);
    expect(heard(server)).toContain(asHeard(sample("2.6", "client", 0)));
    expect(client.contacts.get(BOB)?.lists.has("BL")).toBe(true);
    await client.roster.unblock(BOB);
    expect(heard(server)).toContain(asHeard(sample("2.6", "client", 1)));
    expect(heard(server).filter((line) => line.startsWith("BLP"))).toEqual([]);
  });

  it("asks where somebody new is at home, as the book does", async () => {
    const { client, server } = await play({ FQY: bytesOf(sample("2.6", "server", 3)).replace("FQY 22", "FQY $") });
    const dave = parseEmail("dave@example.com");
    await client.roster.add(dave);
    expect(heard(server)).toContain(asHeard(sample("2.6", "client", 2)));
    expect(heard(server).at(-1)).toBe(
      'ADL 105|<ml><d n="example.com"><c n="dave" t="1"><s l="3" n="IM"/><s l="3" n="PE"/><s l="3" n="PF"/></c></d></ml>',
    );
    expect(client.contacts.get(dave)?.lists.has("FL")).toBe(true);
  });

  it("takes somebody's request as news of the lists", async () => {
    const { client, server } = await play();
    const changed = next(client, "contactChanged", ({ email }) => email === parseEmail("dave@example.com"));
    server.say(bytesOf(sample("2.6", "server", 2)));
    expect((await changed)[0]).toMatchObject({ displayName: "Dave" });
  });
});

describe("a circle (T13, T25-T29)", () => {
  it("T25-T29: is joined, filled, talked in and left by others", async () => {
    const { client, server } = await play();
    await eventually(() => heard(server)).toContain(asHeard(command("T25", "client")));
    server.say(bytesOf(command("T13", "server")));
    server.say(bytesOf(command("T26", "server")));
    const circle = client.circles.conversation(CIRCLE);
    await eventually(() => [...circle.members]).toEqual([BOB]);
    expect(circle).toMatchObject({ kind: "circle", id: CIRCLE, name: "Book club" });
    server.say(bytesOf(command("T27", "server")));
    await eventually(() => client.circles.presence(CIRCLE).get(BOB)).toBe("NLN");
    // A member's presence in a circle is not a contact's.
    expect(client.contacts.get(BOB)?.status).toBe("FLN");
    await circle.sendText("hello circle");
    expect(heard(server)).toContain(asHeard(command("T28", "client")));
    const message = next(client, "message");
    server.say(bytesOf(command("T28", "server")));
    expect((await message)[0]).toMatchObject({ from: BOB, conversation: circle, body: { text: "hello from bob" } });
    const left = next(client, "membersChanged");
    server.say(bytesOf(command("T29", "server")));
    expect((await left)[0].members.size).toBe(0);
    expect(heard(server).filter((line) => line === asHeard(command("T25", "client")))).toHaveLength(1);
  });

  it("is joined again when the server asks for it (source: msnp21 §5.3)", async () => {
    const { server } = await play();
    const joins = (): number => heard(server).filter((line) => line === asHeard(command("T25", "client"))).length;
    await eventually(joins).toBe(1);
    server.say(bytesOf(command("T27", "server")).replace("NFY PUT 424", "NFY PUT 421").replace("Partial", "Sync"));
    await eventually(joins).toBe(2);
  });

  it("is written in the older form at MSNP18 (source: msnp21 §5.3)", async () => {
    const { client, server } = await play(
      {
        VER: "VER $ MSNP18\r\n",
        BLP: "BLP $ AL\r\n",
        PRP: "PRP $ MFN Alice\r\n",
        UUX: "UUX $ 0\r\n",
        CHG: "CHG $ NLN 2684354592:0 0\r\n",
        PUT: "PUT $ OK 0\r\n",
      },
      { dialects: ["MSNP18"] },
    );
    await eventually(() => heard(server)).toContain(asHeard(command("T25", "client")));
    expect(heard(server)).toContain(
      'ADL 92|<ml l="1"><d n="live.com"><c n="00000000-0000-0000-0009-0123456789ab" l="3" t="9"/></d></ml>',
    );
    await client.circles.conversation(CIRCLE).sendTyping();
    await eventually(() => heard(server)).toContain(asHeard(sample("5.3", "client", 0)));
    const said = heard(server).length;
    await client.circles.conversation(CIRCLE).sendText("hello");
    expect(heard(server)[said]).toBe(
      `SDG 402|${[
        "Routing: 1.0",
        `To: ${CIRCLE};path=IM`,
        "From: 1:alice@example.com;epid={a1a1a1a1-1111-4111-8111-aaaaaaaaaaaa}",
        "",
        "Reliability: 1.0",
        "Stream: 0",
        "Segment: 0",
        "",
        "Messaging: 1.0",
        "Content-Length: 5",
        "Content-Type: Text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 7bit",
        "Message-Type: Text",
        "X-MMS-IM-Format: FN=Segoe%20UI; EF=; CO=0; CS=0; PF=22",
        "MIME-Version: 1.0",
        "",
        "hello",
      ].join("\r\n")}`,
    );
  });
});

describe("a temporary group (T30-T37)", () => {
  const PUT = [answer("T11"), answer("T25"), answer("T30"), answer("T31"), answer("T32", 0), answer("T32", 1)];

  it("T30-T32, T34-T36: is made, filled, talked in and left", async () => {
    const { client, server } = await play({ PUT });
    await eventually(() => heard(server)).toContain(asHeard(command("T25", "client")));
    const starting = client.startGroup([BOB, CAROL]);
    await eventually(() => heard(server)).toContain(asHeard(command("T32", "client", 1)));
    const t34 = bytesOf(command("T34", "server"));
    server.say(t34);
    server.say(
      t34.replace("NFY PUT 383", "NFY PUT 385").replace("Length: 84", "Length: 86").replace("bob@example.com", CAROL),
    );
    const group = await starting;
    expect(group).toMatchObject({ kind: "group", id: GROUP, isGroup: true, name: undefined });
    expect([...group.members]).toEqual([BOB, CAROL]);
    expect(
      heard(server)
        .filter((line) => line.startsWith("PUT"))
        .slice(2),
    ).toEqual(
      [
        command("T30", "client"),
        command("T31", "client"),
        command("T32", "client", 0),
        command("T32", "client", 1),
      ].map(asHeard),
    );
    await group.sendText("hello both");
    expect(heard(server)).toContain(asHeard(command("T35", "client")));
    const message = next(client, "message");
    server.say(bytesOf(command("T35", "server")));
    expect((await message)[0]).toMatchObject({ from: CAROL, conversation: group, body: { text: "hi from carol" } });
    await group.leave();
    expect(heard(server)).toContain(asHeard(command("T36", "client")));
    expect(group.members.size).toBe(0);
  });

  it("T33, T37: whoever is called comes, and hears who leaves", async () => {
    const [asked = ""] = TRANSCRIPT.USR ?? [];
    const { client, server } = await play(
      { USR: [asked, "USR $ OK bob@example.com 1 0\r\n"], PUT: ["PUT $ OK 0\r\n", answer("T33", 1)] },
      { email: BOB, machineGuid: parseMachineGuid("{b0b0b0b0-3333-4333-8333-bbbbbbbbbbbb}"), circles: false },
    );
    const called = next(client, "conversation");
    server.say(bytesOf(command("T33", "server", 0)));
    const [group] = await called;
    expect(heard(server)).toContain(asHeard(command("T33", "client")));
    expect([...group.members]).toEqual([ALICE]);
    server.say(bytesOf(command("T37", "server")));
    await eventually(() => group.members.size).toBe(0);
  });

  it("whose words come without an invitation is taken for one's own", async () => {
    const { client, server } = await play();
    const [met, message] = [next(client, "conversation", ({ kind }) => kind === "group"), next(client, "message")];
    server.say(bytesOf(command("T35", "server")));
    const [group] = await met;
    expect([group.id, [...group.members]]).toEqual([GROUP, [CAROL]]);
    expect((await message)[0].conversation).toBe(group);
  });

  it("that nobody comes to is left, and was never told of", async () => {
    const { client, server } = await play({ PUT }, { timeouts: { ring: 50 } });
    await eventually(() => heard(server)).toContain(asHeard(command("T25", "client")));
    const told: unknown[] = [];
    client.on("conversation", ({ id }) => told.push(id));
    await expect(client.startGroup([BOB, CAROL])).rejects.toMatchObject({ code: "no-answer", certainty: "not-sent" });
    expect(heard(server)).toContain(asHeard(command("T36", "client")));
    expect(told).toEqual([]);
  });

  it("that cannot be made says so", async () => {
    const { client } = await play({ PUT: [answer("T11"), answer("T25"), "500 $\r\n"] });
    await expect(client.startGroup([BOB])).rejects.toMatchObject({ name: "SendError", code: "server-busy" });
  });
});
