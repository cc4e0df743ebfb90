import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type NetworkMessage, parseContactAddress, type RoomId } from "../../src/bridge/model.ts";
import { Secret } from "../../src/bridge/secret.ts";
import { HomeserverClient } from "../../src/cli/sandbox/matrix-http.ts";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { PuppetRegistration, Registration } from "../../src/matrix/registration.ts";
import { parsePuppetRegistration } from "../../src/matrix/registration.ts";
import {
  ghostOf,
  makeRegistration,
  portalOf,
  portalRoom,
  type RunningHome,
  resident,
  startHome,
  words,
  writeRegistration,
} from "../support/matrix-home.ts";
import { MemorySecrets } from "../support/matrix-host.ts";
import { useSynapse } from "../support/synapse.ts";

const DOMAIN = "matrix.test";
const SELF = ghostOf("anna@msn.test");
const BOB = ghostOf("bob@msn.test");

/** What anna says in her own Messenger. */
function own(text: string, device = "Laptop", at = Date.now()): NetworkMessage {
  const place = device === "" ? {} : { device };
  return { kind: "text", from: parseContactAddress("anna@msn.test"), fromName: "Anna", text, at, own: place };
}

/** The registration of docs/operators.md. */
function puppetRegistration(): string {
  const fields = {
    id: "msn-double-puppet",
    url: null,
    as_token: randomBytes(32).toString("hex"),
    hs_token: randomBytes(32).toString("hex"),
    sender_localpart: "_msn_double_puppet",
    rate_limited: false,
    namespaces: { users: [{ exclusive: false, regex: "@.*:matrix\\.test" }], aliases: [], rooms: [] },
  };
  return stringify(fields);
}

let registered: { text: string; registration: Registration; port: number } | undefined;
const puppets = puppetRegistration();
const overrides: Record<string, unknown> = {};
const synapse = useSynapse({
  serverName: DOMAIN,
  overrides,
  registration: async (dir) => {
    registered = await makeRegistration(DOMAIN);
    const file = writeRegistration(dir, registered.text);
    const second = join(dir, "double-puppet.yaml");
    writeFileSync(second, puppets, { mode: 0o600 });
    overrides.app_service_config_files = [file, second];
    return file;
  },
});

let running: RunningHome;
const secrets = new MemorySecrets();

/** The Matrix side, started anew with the same profiles: what a restart of the bridge leaves of it. */
async function start(doublePuppet?: PuppetRegistration): Promise<void> {
  if (!registered) throw new Error("no registration");
  const { registration, port } = registered;
  const profiles = running?.profiles;
  await running?.home.stop();
  running = await startHome({
    homeserverUrl: synapse.server.url,
    domain: DOMAIN,
    registration,
    port,
    secrets,
    ...(profiles ? { profiles } : {}),
    ...(doublePuppet ? { doublePuppet } : {}),
  });
  await running.home.attached();
}

afterAll(async () => {
  await running?.home.stop();
});

async function open(person: MatrixPerson, enter = true): Promise<RoomId> {
  const { home, host } = running;
  const room = await home.openDirect(
    portalOf("bob@msn.test", person.userId.slice(1).replace(":", "@")),
    resident(person.userId),
    BOB,
    "Bob",
  );
  await person.waitForInvite(home.ghostLabel(BOB));
  if (enter) {
    await person.join(room);
    await person.waitFor("being in the room", () => person.rooms.get(room)?.joined === true);
  }
  host.portals.add(room);
  return room;
}

const say = (person: MatrixPerson, room: RoomId, message: NetworkMessage, key: string) =>
  running.home.deliverOwn(portalRoom(room, person.userId), BOB, SELF, message, key);

/** What of a person's words the bridge takes for something to be sent to MSN, after all that was said so far. */
async function takenIn(person: MatrixPerson, room: RoomId): Promise<string[]> {
  const marker = `marker ${randomBytes(4).toString("hex")}`;
  await person.sendText(room, marker);
  await running.host.waitFor("the marker", () =>
    running.host.events.some((e) => e.kind === "text" && e.text === marker),
  );
  return running.host.events.flatMap((e) =>
    e.kind === "text" && e.room === room && !e.text.startsWith("marker ") ? [e.text] : [],
  );
}

const ways = [
  { name: "by the operator's second registration", access: "operator" },
  { name: "by an access token of the resident's own", access: "resident" },
] as const;

describe.each(ways)("$name", ({ access }) => {
  let anna: MatrixPerson;
  beforeAll(async () => {
    await start(access === "operator" ? parsePuppetRegistration(puppets) : undefined);
    anna = await synapse.newPerson("anna");
    if (access === "resident") await running.home.givePuppet(resident(anna.userId), new Secret(await tokenOf(anna)));
  });

  it("is the way that is there", async () => {
    expect(await running.home.puppetAccess(resident(anna.userId))).toBe(access);
  });

  it("the words appear as the resident's own, between those of the contact, and do not come back as new ones", async () => {
    const room = await open(anna);
    await running.home.deliver(portalRoom(room, anna.userId), BOB, words("bob@msn.test", "hi"), `${room} 1`);
    await say(anna, room, own("hello from my laptop"), `${room} 2`);
    await running.home.deliver(portalRoom(room, anna.userId), BOB, words("bob@msn.test", "fine"), `${room} 3`);
    await anna.waitForMessage(room, "fine", running.home.ghostLabel(BOB));
    await anna.waitForMessage(room, "hello from my laptop", anna.userId);
    expect(await takenIn(anna, room)).toEqual([]);
    await expect
      .poll(() => [...anna.room(room).members()].sort())
      .toEqual([anna.userId, running.home.bot, running.home.ghostLabel(BOB)].sort());
  });

  it("a resident who is only invited is in the room by having spoken there", async () => {
    const ben = await synapse.newPerson("ben");
    if (access === "resident") await running.home.givePuppet(resident(ben.userId), new Secret(await tokenOf(ben)));
    const room = await open(ben, false);
    await say(ben, room, own("first words"), `${room} first`);
    await ben.waitForMessage(room, "first words", ben.userId);
    expect(await takenIn(ben, room)).toEqual([]);
  });

  it("a bridge that is killed between sending and storing sends again: one message, and no echo", async () => {
    const room = await open(
      await synapse.newPerson("cleo").then(async (cleo) => {
        if (access === "resident")
          await running.home.givePuppet(resident(cleo.userId), new Secret(await tokenOf(cleo)));
        anna = cleo;
        return cleo;
      }),
    );
    const first = await say(anna, room, own("once"), `${room} once`);
    await start(access === "operator" ? parsePuppetRegistration(puppets) : undefined);
    running.host.portals.add(room);
    expect(await say(anna, room, own("once"), `${room} once`)).toBe(first);
    await synapse.server.kill();
    await synapse.server.restart();
    await running.home.attached();
    await expect
      .poll(() => say(anna, room, own("once"), `${room} once`).catch(() => undefined), { timeout: 20_000 })
      .toBe(first);
    await say(anna, room, own("then"), `${room} then`);
    await anna.waitForMessage(room, "then", anna.userId);
    expect(
      anna
        .room(room)
        .texts(anna.userId)
        .filter((text) => text === "once"),
    ).toHaveLength(1);
    expect(await takenIn(anna, room)).toEqual([]);
  });

  it("a copy of such words, in another chat or in the same, is the resident's own and is taken in", async () => {
    const dora = await synapse.newPerson("dora");
    if (access === "resident") await running.home.givePuppet(resident(dora.userId), new Secret(await tokenOf(dora)));
    const room = await open(dora);
    await say(dora, room, own("to be forwarded"), `${room} f`);
    const said = await dora.waitForMessage(room, "to be forwarded", dora.userId);
    const other = await running.home.openDirect(
      portalOf("eve@msn.test", "dora@x.test"),
      resident(dora.userId),
      ghostOf("eve@msn.test"),
      "Eve",
    );
    await dora.waitForInvite(running.home.ghostLabel(ghostOf("eve@msn.test")));
    await dora.join(other);
    running.host.portals.add(other);
    await dora.sendEvent(other, "m.room.message", said.content);
    expect(await takenIn(dora, other)).toEqual(["to be forwarded"]);
    expect(await takenIn(dora, room)).toEqual([]);
    await dora.sendEvent(room, "m.room.message", said.content);
    expect(await takenIn(dora, room)).toEqual(["to be forwarded"]);
  });
});

describe("by the operator's second registration only", () => {
  it("the words carry the time at which they were said", async () => {
    await start(parsePuppetRegistration(puppets));
    const anna = await synapse.newPerson("anna");
    const room = await open(anna);
    const at = Date.parse("2009-02-13T23:31:30Z");
    await say(anna, room, own("long ago", "Laptop", at), `${room} dated`);
    expect((await anna.waitForMessage(room, "long ago", anna.userId)).origin_server_ts).toBe(at);
  });

  it("one that the homeserver does not know leaves the words to the ghost of the account", async () => {
    await start(parsePuppetRegistration(puppetRegistration()));
    const anna = await synapse.newPerson("anna");
    const room = await open(anna);
    await say(anna, room, own("hello"), `${room} 1`);
    await anna.waitForMessage(room, "hello", running.home.ghostLabel(SELF));
  });
});

describe("by an access token only", () => {
  it("a token of somebody else, or of nobody, is refused and not kept", async () => {
    await start();
    const anna = await synapse.newPerson("anna");
    const eve = await synapse.newPerson("eve");
    const give = (token: string) => running.home.givePuppet(resident(anna.userId), new Secret(token));
    await expect(give(await tokenOf(eve))).rejects.toMatchObject({ code: "puppet-refused" });
    await expect(give("syt_nobody")).rejects.toMatchObject({ code: "puppet-refused" });
    expect(await running.home.puppetAccess(resident(anna.userId))).toBe("none");
  });

  it("one that has ended is forgotten, the resident is told once, and the ghost of the account speaks", async () => {
    const anna = await synapse.newPerson("anna");
    const token = await tokenOf(anna);
    await running.home.givePuppet(resident(anna.userId), new Secret(token));
    const room = await open(anna);
    await new HomeserverClient(synapse.server.url, { accessToken: token }).call("POST", "/_matrix/client/v3/logout");
    await say(anna, room, own("hello"), `${room} 1`);
    await say(anna, room, own("again"), `${room} 2`);
    await anna.waitForMessage(room, "again", running.home.ghostLabel(SELF));
    expect(await running.home.puppetAccess(resident(anna.userId))).toBe("none");
    await anna.waitForInvite(running.home.bot);
    expect(running.logged.join("\n")).not.toContain(token);
  });

  it("what a resident takes back is gone", async () => {
    const anna = await synapse.newPerson("anna");
    await running.home.givePuppet(resident(anna.userId), new Secret(await tokenOf(anna)));
    await running.home.dropPuppet(resident(anna.userId));
    expect(await running.home.puppetAccess(resident(anna.userId))).toBe("none");
  });
});

describe("by the ghost of the account", () => {
  let anna: MatrixPerson;
  let room: RoomId;
  const ghost = () => running.home.ghostLabel(SELF);
  beforeAll(async () => {
    await start();
    anna = await synapse.newPerson("anna");
    room = await open(anna);
  });

  it("the words stand under the owner's name and the place, in order, once, and do not come back", async () => {
    await running.home.deliver(portalRoom(room, anna.userId), BOB, words("bob@msn.test", "hi"), `${room} 1`);
    const event = await say(anna, room, own("hello from my laptop"), `${room} 2`);
    expect(await say(anna, room, own("hello from my laptop"), `${room} 2`)).toBe(event);
    await running.home.deliver(portalRoom(room, anna.userId), BOB, words("bob@msn.test", "fine"), `${room} 3`);
    await anna.waitForMessage(room, "fine", running.home.ghostLabel(BOB));
    await anna.waitFor("its name", () => anna.room(room).displayName(ghost()) === "Anna (you, on Laptop)");
    expect(anna.room(room).texts(ghost())).toEqual(["hello from my laptop"]);
    expect(await takenIn(anna, room)).toEqual([]);
  });

  it("the place is told anew when it is another one, and the ghost counts as no person in the room", async () => {
    await say(anna, room, own("from my phone", "Phone"), `${room} 4`);
    await anna.waitFor("the new name", () => anna.room(room).displayName(ghost()) === "Anna (you, on Phone)");
    await say(anna, room, own("from somewhere", ""), `${room} 5`);
    await anna.waitFor("the new name", () => anna.room(room).displayName(ghost()) === "Anna (you, on another place)");
    await expect
      .poll(() => anna.room(room).state("io.element.functional_members"))
      .toEqual({
        service_members: [running.home.bot, ghost()],
      });
  });

  it("who has that account as a contact sees its own name", async () => {
    const ben = await synapse.newPerson("ben");
    const bens = await running.home.openDirect(
      portalOf("anna@msn.test", "ben@msn.test"),
      resident(ben.userId),
      SELF,
      "Anna",
    );
    await ben.waitForInvite(ghost());
    await ben.join(bens);
    await ben.waitFor("her name", () => ben.room(bens).displayName(ghost()) === "Anna");
    await say(anna, room, own("once more", "Laptop"), `${room} 6`);
    await anna.waitFor("the name", () => anna.room(room).displayName(ghost()) === "Anna (you, on Laptop)");
    expect((await ben.profile(ghost())).displayname).toBe("Anna");
  });

  it("an own name for a contact is shown in the owner's room alone, and goes again", async () => {
    const bob = running.home.ghostLabel(BOB);
    await running.home.showNickname(portalRoom(room, anna.userId), BOB, "The boss");
    await anna.waitFor("the own name", () => anna.room(room).displayName(bob) === "The boss");
    expect((await anna.profile(bob)).displayname).toBe("Bob");
    await running.home.showNickname(portalRoom(room, anna.userId), BOB, "");
    await anna.waitFor("his name", () => anna.room(room).displayName(bob) === "Bob");
  });

  it("an own name survives that the contact changes theirs", async () => {
    const bob = running.home.ghostLabel(BOB);
    await running.home.nameGhost(BOB, "Bobby");
    await running.home.showNickname(portalRoom(room, anna.userId), BOB, "The boss");
    // Synapse writes the new name into his rooms in its own time; over the own name, when that has come before.
    await anna.waitFor("his new name, everywhere", () =>
      anna.room(room).timeline.some(({ type, state_key, content }) => {
        return type === "m.room.member" && state_key === bob && content.displayname === "Bobby";
      }),
    );
    await anna.waitFor("the own name", () => anna.room(room).displayName(bob) === "The boss", 40_000);
  });
});

/** A second sign-in of a person, as one makes for the bridge. */
async function tokenOf(person: MatrixPerson): Promise<string> {
  const body = {
    type: "m.login.password",
    identifier: { type: "m.id.user", user: person.userId },
    password: synapse.password,
  };
  return (await person.client.call<{ access_token: string }>("POST", "/_matrix/client/v3/login", { body }))
    .access_token;
}
