/** Looks between the core and a contact's client, over the embedded network: the golden tables, by the code that runs. */
import { afterEach, expect, test } from "vitest";
import {
  type NetworkMessage,
  parseContactAddress,
  parseHomeName,
  parseNetworkName,
} from "../../../src/bridge/model.ts";
import type { Session } from "../../../src/bridge/ports/network.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { eventHead, sortEvent } from "../../../src/matrix/convert/event.ts";
import { GhostNames } from "../../../src/matrix/convert/ghost.ts";
import type { Formatted } from "../../../src/matrix/convert/html.ts";
import { readStored } from "../../../src/matrix/convert/read.ts";
import { textContent } from "../../../src/matrix/convert/text.ts";
import { createMsnNetwork } from "../../../src/msn/network.ts";
import type { DialectName, MsnClient } from "../../../src/msnp/index.ts";
import { decodeTextFormat, encodeTextFormat } from "../../../src/msnp/message/index.ts";
import { partsOf, wordsOf } from "../../../src/xmpp/convert/words.ts";
import { b, i, r } from "../../support/golden.ts";
import { deaf, silent } from "../../unit/bridge/support.ts";
import { MATRIX_TO_MSN, MSN_TO_MATRIX, MSN_TO_XMPP } from "../../unit/msn/convert/golden/crossings.ts";
import type { WireText } from "../../unit/msn/convert/golden/wire.ts";
import { ACCOUNTS, ALICE, BOB, BOTH_DIALECTS, eventually, Stage } from "../msnp-client/stage.ts";

const alice = {
  address: parseContactAddress(ALICE),
  spelling: ALICE,
  password: new Secret(ACCOUNTS[0]?.password ?? ""),
};
const bob = parseContactAddress(BOB);

let stage: Stage;
const sessions: Session[] = [];
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
  await stage.close();
});

/** Alice at the bridge and bob at a client of his own, with all that each of them has heard. */
async function meet(dialect: DialectName, more: { emoticons?: boolean; maxMessageBytes?: number } = {}) {
  stage = await Stage.open();
  const heard: NetworkMessage[] = [];
  const seen: WireText[] = [];
  const { services } = stage.network;
  const side = createMsnNetwork({
    ...more,
    name: parseNetworkName("toynet"),
    title: "Toynet",
    services,
    dialects: [dialect],
    log: silent,
  });
  const peer = await stage.signedIn(BOB, dialect);
  peer.on("message", ({ body }) => {
    if (body.kind === "text") seen.push({ text: body.text, format: encodeTextFormat(body.format ?? {}) });
  });
  const hooks = { ...deaf, message: (message: NetworkMessage) => heard.push(message), closed: () => {} };
  const options = { machineGuid: "11111111-2222-4333-8444-555555555555", availability: "online", text: "" } as const;
  const session = await side.signIn(alice, options, hooks, new AbortController().signal);
  sessions.push(session);
  return { session, peer, heard, seen };
}

/** As a lane keeps it. */
function stored<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

async function say(peer: MsnClient, all: readonly WireText[]): Promise<void> {
  for (const { text, format } of all) await peer.conversation(ALICE).sendText(text, decodeTextFormat(format));
}

test("what bob says looks in both homes as the golden tables say", async () => {
  const { peer, heard } = await meet("MSNP18");
  await say(
    peer,
    [...MSN_TO_MATRIX.cases, ...MSN_TO_XMPP.cases].map(({ from }) => from),
  );
  await eventually(() => heard.length).toBe(MSN_TO_MATRIX.cases.length + MSN_TO_XMPP.cases.length);
  const messages = heard.map(stored);
  const onMatrix = messages.slice(0, MSN_TO_MATRIX.cases.length).map(({ kind, text, rich }) => {
    const { msgtype: _, ...content } = textContent(kind, rich ? { text, rich } : { text });
    return content;
  });
  expect(onMatrix).toEqual(MSN_TO_MATRIX.cases.map(({ to }) => to));
  const onXmpp = messages.slice(MSN_TO_MATRIX.cases.length).map((message) => partsOf(wordsOf(message))[0]?.body);
  expect(onXmpp).toEqual(MSN_TO_XMPP.cases.map(({ to }) => to));
});

/** What a person's message becomes on its way through the Matrix side. */
function fromMatrix(content: Formatted) {
  const raw = { type: "m.room.message", room_id: "!r:x", sender: "@anna:x", event_id: "$e" };
  const head = eventHead({ ...raw, content: { msgtype: "m.text", ...content } });
  const rules = { bot: "@bot:x", names: new GhostNames("_msn_", "x"), networks: [] };
  const [sorted] = head === undefined ? [] : sortEvent(raw, head, false, rules);
  const event = readStored(stored(sorted?.stored), parseHomeName("matrix"), rules.names);
  if (event?.kind !== "text") throw new Error("no words");
  return event;
}

test.each(BOTH_DIALECTS)("%s: what anna says on Matrix looks on MSN as the golden table says", async (dialect) => {
  const { session, seen } = await meet(dialect);
  for (const { from } of MATRIX_TO_MSN.cases) {
    const { text, rich } = fromMatrix(from);
    await session.sendText(bob, text, rich);
  }
  await eventually(() => seen.length).toBe(MATRIX_TO_MSN.cases.length);
  expect(seen).toEqual(MATRIX_TO_MSN.cases.map(({ to }) => to));
});

test("a long text with looks comes in its order, in parts that fit, no character torn", async () => {
  const { session, seen } = await meet("MSNP18");
  const rich = r(b("bold 👨‍👩‍👧‍👦 ".repeat(100)), i("italic é ".repeat(200)), "plain 🇩🇪 ".repeat(100));
  await session.sendText(bob, "unused", rich);
  await session.sendText(bob, "the end");
  await eventually(() => seen.at(-1)?.text).toBe("the end");
  const parts = seen.slice(0, -1);
  expect(parts.length).toBeGreaterThan(3);
  const whole = parts.map(({ text }) => text.replace(/[*_](?=\S)|(?<=\S)[*_]/g, "")).join("");
  expect(whole).toBe(rich.runs.map(({ text }) => text).join(""));
  for (const { text } of parts) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1400);
  expect(parts[0]?.format).toContain("EF=B;");
  expect(parts.at(-1)?.format).toContain("EF=;");
});

test("shortcuts of bob's own pictures stay as he wrote them", async () => {
  const { peer, heard } = await meet("MSNP18");
  const chat = peer.conversation(ALICE);
  await chat.sendText(":D (y)");
  await chat.sendBody({
    kind: "emoticons",
    isAnimated: false,
    emoticons: [{ shortcut: ":D", object: '<msnobj Creator="bob@msn.test" Type="2"/>' }],
  });
  await chat.sendText(":D (y)");
  await eventually(() => heard.length).toBe(2);
  expect(heard.map(({ text }) => text)).toEqual(["😃 👍", ":D 👍"]);
});

test("without emoticons, shortcuts and emoji stay what they are", async () => {
  const { session, peer, heard, seen } = await meet("MSNP18", { emoticons: false });
  await peer.conversation(ALICE).sendText(":D (y)");
  await session.sendText(bob, "👍");
  await session.sendText(bob, "👍", r(b("👍")));
  await eventually(() => [heard.length, seen.length]).toEqual([1, 2]);
  expect([...heard, ...seen].map(({ text }) => text)).toEqual([":D (y)", "👍", "👍"]);
});

test("codes in names are not shown", async () => {
  const { session, peer } = await meet("MSNP18");
  await peer.setDisplayName("[c=4]Bob[/c] ·#the great·#");
  await eventually(() => session.contact(bob)?.displayName).toBe("Bob the great");
});
