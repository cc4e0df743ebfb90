import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type MessageBody, type OutgoingBody, parseMachineGuid } from "../../../src/msnp/index.ts";
import { ALICE, BOB, CAROL, next, Stage } from "./stage.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

const OBJECT =
  '<msnobj Creator="alice@msn.test" Size="5" Type="8" Location="w.tmp" SHA1D="qvTGHdzF6KLavt4PO0gs2a6pQ00="/>';

const BODIES: readonly OutgoingBody[] = [
  { kind: "nudge" },
  { kind: "action", text: "waves hello" },
  { kind: "wink", object: OBJECT.replace("/>", ` stamp="${"x".repeat(3000)}"/>`) },
  { kind: "voice-clip", object: OBJECT },
  { kind: "datacast", id: 17, data: "whatever" },
  { kind: "emoticons", isAnimated: true, emoticons: [{ shortcut: "(tux)", object: OBJECT }] },
  { kind: "ink", format: "isf", data: Buffer.alloc(5000, 7) },
  { kind: "client-caps", client: "Demo 1.0", logging: "Y" },
  { kind: "keepalive" },
  { kind: "p2p", to: BOB, data: Buffer.from([0, 1, 2, 255]) },
  {
    kind: "invite",
    command: "CANCEL",
    cookie: "33267",
    fields: [
      ["Invitation-Command", "CANCEL"],
      ["Invitation-Cookie", "33267"],
      ["Cancel-Code", "REJECT_NOT_INSTALLED"],
    ],
  },
];

describe.each(["MSNP9", "MSNP12", "MSNP18"] as const)("by %s", (dialect) => {
  it.each(BODIES)("a message of the kind $kind arrives as it was sent", async (body) => {
    const [alice, bob] = [await stage.signedIn(ALICE, dialect), await stage.signedIn(BOB, dialect)];
    const arrived = next(bob, "message");
    await alice.conversation(BOB).sendBody(body);
    expect((await arrived)[0]).toMatchObject({ from: ALICE, body });
  });
});

describe("a packet of a transfer", () => {
  it("is only for the one it names", async () => {
    const [alice, bob, carol] = [
      await stage.signedIn(ALICE, "MSNP18"),
      await stage.signedIn(BOB, "MSNP18"),
      await stage.signedIn(CAROL, "MSNP18"),
    ];
    const group = await alice.startGroup([BOB, CAROL]);
    const atCarol: MessageBody["kind"][] = [];
    carol.on("message", ({ body }) => atCarol.push(body.kind));
    const arrived = next(bob, "message");
    await group.sendBody({ kind: "p2p", to: BOB, data: Buffer.from("x") });
    expect((await arrived)[0].body).toMatchObject({ kind: "p2p", to: BOB });
    const text = next(carol, "message");
    await group.sendText("to all");
    await text;
    expect(atCarol).toEqual(["text"]);
  });

  it("is only for the place it names", async () => {
    const [alice, bob] = [await stage.signedIn(ALICE, "MSNP18"), await stage.signedIn(BOB, "MSNP18")];
    const kinds: string[] = [];
    bob.on("message", ({ body }) => kinds.push(body.kind));
    const done = next(bob, "message", ({ body }) => body.kind === "text");
    const [here, elsewhere] = ["000000000002", "0000000000ff"].map((end) =>
      parseMachineGuid(`00000000-0000-4000-8000-${end}`),
    );
    const conversation = alice.conversation(BOB);
    const data = Buffer.from("x");
    await conversation.sendBody({ kind: "p2p", to: BOB, ...(elsewhere && { toEndpoint: elsewhere }), data });
    await conversation.sendBody({ kind: "p2p", to: BOB, ...(here && { toEndpoint: here }), data });
    await conversation.sendText("done");
    await done;
    expect(kinds).toEqual(["p2p", "text"]);
  });

  it("cannot go by a version that has no transfers", async () => {
    const alice = await stage.signedIn(ALICE, "MSNP8");
    const sending = alice.conversation(BOB).sendBody({ kind: "p2p", to: BOB, data: Buffer.from("x") });
    await expect(sending).rejects.toMatchObject({ code: "not-supported", certainty: "not-sent" });
  });

  it("that is too long is not sent", async () => {
    const alice = await stage.signedIn(ALICE, "MSNP9");
    const sending = alice.conversation(BOB).sendBody({ kind: "p2p", to: BOB, data: Buffer.alloc(1700) });
    await expect(sending).rejects.toMatchObject({ code: "too-long", certainty: "not-sent" });
  });
});
