/** An account with a long contact list is linked: its owner is told once, and asked into nothing that they did not ask for. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { Bridge } from "../../../src/bridge/bridge.ts";
import { noMeter } from "../../../src/bridge/metrics.ts";
import type { ContactSnapshot } from "../../../src/bridge/model.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { createMatrixHome } from "../../../src/matrix/index.ts";
import { KNOCK } from "../../../src/matrix/knock.ts";
import { makeRegistration, PREFIX, resident } from "../../support/matrix-home.ts";
import { StubHomeserver } from "../../support/stub-homeserver.ts";
import { ToyNetwork } from "../../support/toy-network.ts";
import { contact, NET, silent, until } from "../../unit/bridge/support.ts";
import { Redis } from "../bridge/world.ts";

const DOMAIN = "stub.test";
const ANNA = `@anna:${DOMAIN}`;
const GROUPS = ["Family", "Friends", "Neighbours", "School", "Work"];

let redis: Redis;
beforeAll(async () => {
  redis = await Redis.start();
});
afterAll(() => redis.stop());

function longList(network: ToyNetwork): void {
  for (let i = 0; i < 200; i++) {
    const address = contact(`contact${i}`);
    const groups = [GROUPS[i % GROUPS.length] ?? ""];
    const presence = { availability: i % 3 === 0 ? "online" : "offline", text: "" } as const;
    const snapshot: ContactSnapshot = {
      address,
      displayName: `Contact ${i}`,
      presence,
      listed: true,
      blocked: false,
      groups,
    };
    network.contacts.set(address, snapshot);
  }
}

it("200 contacts in 5 groups make one message and no other room; with the first chat comes that room, and one space", async () => {
  const { registration, port } = await makeRegistration(DOMAIN);
  const tokens = { asToken: registration.asToken.open(), hsToken: registration.hsToken.open() };
  const stub = await StubHomeserver.start({ domain: DOMAIN, bridgeUrl: registration.url, ...tokens });
  const store = await redis.open(redis.namespace());
  const home = createMatrixHome({
    homeserverUrl: stub.url,
    domain: DOMAIN,
    registration,
    bind: { host: "127.0.0.1", port },
    ghostPrefix: PREFIX,
    networks: [NET],
    presence: true,
    profiles: store,
    secrets: store,
    meter: noMeter,
    log: silent,
  });
  const network = new ToyNetwork();
  network.account(contact("alice"));
  longList(network);
  const bridge = new Bridge({
    store,
    homes: [home],
    networks: [network],
    desk: () => ({ issue: async () => ({ url: "https://bridge.test/link/x", minutes: 10 }) }),
    owner: "test",
    leaseMs: 30_000,
    signInsPerSecond: () => 1000,
    ownerOffline: "hidden",
    mayLink: () => true,
    holdMinutes: 10,
    reconnect: { baseMs: 20, capMs: 50 },
    concurrency: 16,
    meter: noMeter,
    log: silent,
  });
  await bridge.start();
  try {
    await home.attached();
    const request = {
      network: NET,
      address: contact("alice"),
      spelling: contact("alice"),
      password: new Secret("secret"),
    };
    await bridge.linker.linkAccount(resident(ANNA), request, () => {}, new AbortController().signal);
    // But for that in which the bridge sees, when the machine has stood still, whether the homeserver brings it everything.
    const rooms = () => [...stub.rooms.values()].filter(({ state }) => state.get("m.room.create ")?.type !== KNOCK);
    const texts = () => rooms().flatMap(({ events }) => events.map(({ content }) => String(content.body)));
    await until("she is welcomed", () => texts().length > 0);
    const [management] = rooms();
    if (!management) throw new Error("there is no room to tell her in");
    management.members.set(ANNA, "join");
    const said = stub.event(management.id, ANNA, "m.room.message", {
      msgtype: "m.text",
      body: `chat ${contact("contact7")}`,
    });
    await stub.push([said]);
    const folder = await until("the folder of the contact", () =>
      rooms().find(
        (room) =>
          [...room.state.keys()].some((key) => key.startsWith("m.space.child ")) &&
          room.state.get("m.room.name ")?.name === "Neighbours",
      ),
    );
    const chat = [...folder.state.keys()].find((key) => key.startsWith("m.space.child "))?.split(" ")[1] ?? "";
    await until("the folder in the space", () => rooms().some(({ state }) => state.has(`m.space.child ${folder.id}`)));
    await until("the answer", () => texts().length > 1);
    const asked = rooms().flatMap(({ id, members }) => (members.has(ANNA) ? [id] : []));
    const space = rooms().find(({ state }) => state.has(`m.space.child ${folder.id}`))?.id;
    expect(asked.sort()).toEqual([management.id, chat, space].sort());
    expect(rooms()).toHaveLength(4);
    expect(texts()).toEqual([
      expect.stringMatching(/alice@msn\.test on Toynet is linked\..*It has 200 contacts/),
      expect.stringContaining("Your room with"),
    ]);
  } finally {
    await bridge.stop();
    await store.close();
    await stub.stop();
  }
});
