import { afterEach, expect, test } from "vitest";
import { parseContactAddress, parseNetworkName } from "../../../src/bridge/model.ts";
import type { OwnWords, Session } from "../../../src/bridge/ports/network.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { createMsnNetwork } from "../../../src/msn/network.ts";
import { type Conversation, type DialectName, type MsnClient, parseMachineGuid } from "../../../src/msnp/index.ts";
import { deaf, silent, until } from "../../unit/bridge/support.ts";
import { ACCOUNTS, ALICE, BOB, CAROL, eventually, next, Stage } from "../msnp-client/stage.ts";
import { hasCome } from "./board-trace.ts";

const MACHINE = "11111111-2222-4333-8444-555555555555";
const LAPTOP = "aaaaaaaa-0000-4000-8000-000000000002";

let stage: Stage;
const sessions: Session[] = [];
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
  await stage.close();
});

interface Heard {
  /** What others say to alice, as the bridge hears it, and what she says at her other place. */
  readonly lines: string[];
  readonly own: OwnWords[];
  readonly laptop: MsnClient;
  readonly bob: MsnClient;
  readonly carol: MsnClient;
}

/** Alice at the bridge and at her laptop; Bob and Carol are there. */
async function open(dialect: DialectName): Promise<Heard> {
  stage = await Stage.open();
  const side = createMsnNetwork({
    name: parseNetworkName("toynet"),
    title: "Toynet",
    services: stage.network.services,
    dialects: [dialect],
    timeouts: { refresh: 20 },
    log: silent,
  });
  const lines: string[] = [];
  const own: OwnWords[] = [];
  const hooks = {
    ...deaf,
    closed: () => {},
    message: ({ from, text }: { from: string; text: string }) => lines.push(`${from}: ${text}`),
    ownMessage: (words: OwnWords) => own.push(words),
  };
  const password = new Secret(ACCOUNTS[0]?.password ?? "");
  const credentials = { address: parseContactAddress(ALICE), spelling: ALICE, password };
  const place = { machineGuid: MACHINE, availability: "online", text: "" } as const;
  sessions.push(await side.signIn(credentials, place, hooks, new AbortController().signal));
  const machineGuid = parseMachineGuid(LAPTOP);
  const more = { timeouts: { refresh: 20 } };
  return {
    lines,
    own,
    laptop: await stage.signedIn(ALICE, dialect, { ...more, machineGuid, endpointName: "Laptop" }),
    bob: await stage.signedIn(BOB, dialect, more),
    carol: await stage.signedIn(CAROL, dialect, more),
  };
}

test.each(["MSNP18", "MSNP21"] as const)(
  "%s: words in a circle name the circle, those of others and alice's own from her laptop",
  async (dialect) => {
    const { lines, own, laptop, bob } = await open(dialect);
    const id = await bob.circles.create("Book\u202E\nclub");
    const asked = next(laptop, "circleInvite");
    await bob.circles.invite(id, ALICE);
    await asked;
    await laptop.circles.accept(id);
    await eventually(() => bob.circles.conversation(id).members.has(ALICE)).toBe(true);
    await eventually(() => laptop.circles.conversation(id).members.has(BOB)).toBe(true);
    await eventually(async () => {
      await bob.circles.conversation(id).sendText("who is there?");
      return lines.at(-1);
    }).toBe(`${BOB}: (in the circle Book club) who is there?`);
    await laptop.circles.conversation(id).sendText("me");
    await until("her words", () => own.length === 1);
    expect(own).toMatchObject([{ kind: "text", to: BOB, text: "(in the circle Book club) me" }]);
  },
);

test.each(["MSNP18", "MSNP21"] as const)(
  "%s: words among several stand with who said them, alice's own with whoever spoke last",
  async (dialect) => {
    const { lines, own, laptop, bob, carol } = await open(dialect);
    const [hers, carols] = [next(laptop, "conversation"), next(carol, "conversation")];
    const group = await bob.startGroup([ALICE, CAROL]);
    const conversations: Conversation[] = [(await hers)[0], (await carols)[0]];
    // Documents reach each place of who is in the group.
    const places = dialect === "MSNP21" ? [] : [MACHINE, LAPTOP];
    await until("both places", () => places.every((place) => hasCome(stage, BOB, ALICE, place)));
    await group.sendText("hello both");
    await conversations[1]?.sendText("hello bob");
    await until("both", () => lines.length === 2);
    await conversations[0]?.sendText("hello you two");
    await conversations[0]?.sendNudge();
    await until("her words", () => own.length === 2);
    expect(lines).toEqual([`${BOB}: (in a group chat) hello both`, `${CAROL}: (in a group chat) hello bob`]);
    expect(own.map(({ kind, to, text }) => [kind, to, text])).toEqual([
      ["text", CAROL, "(in a group chat) hello you two"],
      ["notice", CAROL, "(in a group chat) sent a nudge"],
    ]);
  },
);
