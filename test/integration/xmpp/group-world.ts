import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll } from "vitest";
import {
  circleKey,
  type GroupId,
  type GroupPerson,
  type GroupView,
  groupId,
} from "../../../src/bridge/groups/model.ts";
import { noMeter } from "../../../src/bridge/metrics.ts";
import {
  type GhostRef,
  type GroupMessage,
  type HomeEvent,
  type HomeName,
  parseContactAddress,
  parseNetworkName,
  type RoomId,
  residentId,
} from "../../../src/bridge/model.ts";
import type { HomeHost, IntakeItem } from "../../../src/bridge/ports/home.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import type { XmppPerson } from "../../../src/cli/sandbox/xmpp-person.ts";
import { openStore, PrivateRedis, SealingKeys } from "../../../src/store/index.ts";
import { createXmppHome, XMPP, type XmppHome } from "../../../src/xmpp/index.ts";
import { type CutProxy, cutProxy } from "../../support/cut-proxy.ts";
import { useXmppServer, type XMPP_SERVERS, type XmppFixture } from "../../support/xmpp.ts";

export const NET = parseNetworkName("msntest");

/** The core, as a home knows it: keeps what it is given, once. */
export class Host implements HomeHost {
  readonly items: IntakeItem[] = [];
  readonly typists: string[] = [];
  readonly #batches = new Set<string>();
  readonly #home: () => XmppHome;
  /** What intake waits for; for a store that is slow. */
  held: Promise<void> | undefined;

  constructor(home: () => XmppHome) {
    this.#home = home;
  }

  get events(): HomeEvent[] {
    return this.items.flatMap(({ raw }) => this.#home().read(JSON.parse(JSON.stringify(raw))) ?? []);
  }

  of<Kind extends HomeEvent["kind"]>(kind: Kind): Extract<HomeEvent, { kind: Kind }>[] {
    return this.events.filter((event): event is Extract<HomeEvent, { kind: Kind }> => event.kind === kind);
  }

  async intake(_: HomeName, batch: string, items: readonly IntakeItem[]): Promise<"stored" | "repeated"> {
    await this.held;
    if (this.#batches.has(batch)) return "repeated";
    this.#batches.add(batch);
    this.items.push(...items);
    return "stored";
  }

  typing(room: RoomId, _resident: unknown, typing: boolean): void {
    this.typists.push(`${room} ${typing}`);
  }

  presence(): void {}

  async isPortal(): Promise<boolean> {
    return true;
  }

  async isGroup(): Promise<boolean> {
    return true;
  }

  async isLinked(): Promise<boolean> {
    return true;
  }
}

/** Real server and store, and the home between them, with the test in the place of the core. */
export class GroupWorld {
  readonly fixture: XmppFixture;
  readonly #keys = new SealingKeys(new Map([[1, randomBytes(32)]]));
  #redis: PrivateRedis | undefined;
  #wire: CutProxy | undefined;
  #running: { home: XmppHome; close: () => Promise<void> } | undefined;
  host = new Host(() => this.home);

  constructor(kind: keyof typeof XMPP_SERVERS) {
    this.fixture = useXmppServer(kind, { privileged: false });
    beforeAll(async () => {
      const log = pino({ level: "silent" });
      this.#redis = await PrivateRedis.start({ folder: join(this.fixture.dir, "redis"), log, supervise: false });
      this.#wire = await cutProxy(this.fixture.server.componentPort, () => {});
      await this.startHome();
    });
    afterAll(async () => {
      await this.stopHome();
      await this.#wire?.close();
      await this.#redis?.close();
    });
  }

  get home(): XmppHome {
    if (!this.#running) throw new Error("the home is not running");
    return this.#running.home;
  }

  get wire(): CutProxy {
    if (!this.#wire) throw new Error("there is no wire yet");
    return this.#wire;
  }

  async startHome(): Promise<void> {
    if (!this.#redis) throw new Error("there is no store");
    const log = pino({ level: process.env.MSNBRIDGE_TEST_LOG ?? "silent" });
    const store = await openStore({ options: this.#redis.options, keys: this.#keys, meter: noMeter, log });
    const { server } = this.fixture;
    const desk = { issue: async () => ({ url: "https://bridge.test/link/token", minutes: 10 }) };
    const home = createXmppHome({
      service: {
        host: server.host,
        port: this.wire.port,
        domain: server.component,
        secret: new Secret(server.secret),
      },
      networks: [NET],
      stayOn: true,
      passwordForm: false,
      mayLink: () => true,
      desk: () => desk,
      linker: () => {
        throw new Error("nobody links here");
      },
      profiles: store,
      meter: noMeter,
      log,
      limits: { firstWaitMs: 50, longestWaitMs: 200 },
    });
    home.useRosters({
      accounts: async () => [],
      change: async () => {},
      signIn: async () => {},
      signOut: async () => {},
    });
    this.#running = {
      home,
      close: async () => {
        await home.stop();
        await store.close();
      },
    };
    await home.start(this.host);
    await home.attached();
  }

  async stopHome(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.close();
  }

  /** The bridge ends as if it were killed: the store keeps what it has then, and nobody says good-bye. */
  async restart(): Promise<void> {
    this.wire.cut();
    await this.stopHome();
    await this.startHome();
  }

  ghost(name: string): GhostRef {
    return { network: NET, contact: parseContactAddress(`${name}@msn.test`) };
  }

  jid(name: string): string {
    return this.home.ghostLabel(this.ghost(name));
  }

  resident({ jid }: { jid: string }) {
    return residentId(XMPP, jid);
  }
}

export type People = Record<string, "admin" | "member" | "pending">;

/** A group that a test has made, and its room. */
export class GroupRoomScene {
  readonly world: GroupWorld;
  readonly id: GroupId;
  readonly residents: Map<string, "admin" | "member">;
  view: GroupView;
  room: RoomId | undefined;
  #said = 0;

  private constructor(world: GroupWorld, view: GroupView, residents: Map<string, "admin" | "member">) {
    this.world = world;
    this.view = view;
    this.id = view.id;
    this.residents = residents;
  }

  /** Ghosts and residents (by JID) by name, with their role. */
  static async open(
    world: GroupWorld,
    ghosts: People,
    residents: readonly (readonly [XmppPerson, "admin" | "member"])[],
    more: Partial<GroupView> = {},
  ): Promise<GroupRoomScene> {
    const id = groupId(NET, circleKey(randomUUID()));
    const living = new Map(residents.map(([{ jid }, role]) => [jid, role]));
    const base: GroupView = {
      id,
      kind: "circle",
      name: "Family",
      topic: "",
      people: [],
      plumbed: false,
      rooms: [],
      ...more,
    };
    const scene = new GroupRoomScene(world, base, living);
    scene.view = { ...base, people: scene.people(ghosts) };
    scene.room = await world.home.openGroup(scene.view);
    return scene;
  }

  get jid(): string {
    if (this.room === undefined) throw new Error("the room is not open");
    return this.room;
  }

  get roomId(): RoomId {
    if (this.room === undefined) throw new Error("the room is not open");
    return this.room;
  }

  people(ghosts: People): GroupPerson[] {
    return [
      ...Object.entries(ghosts).map(([name, role]): GroupPerson => {
        const shown = name.slice(0, 1).toUpperCase() + name.slice(1);
        return { kind: "ghost", ghost: this.world.ghost(name), name: shown, role };
      }),
      ...[...this.residents].map(
        ([jid, role]): GroupPerson => ({ kind: "resident", resident: residentId(XMPP, jid), role }),
      ),
    ];
  }

  async shape(change: Partial<GroupView>): Promise<void> {
    this.view = { ...this.view, ...change };
    await this.world.home.shapeGroup(this.roomId, this.view);
  }

  message(text: string, more: Partial<GroupMessage> = {}): GroupMessage {
    const from = parseContactAddress("bob@msn.test");
    return { kind: "text", from, fromName: "Bob", text, at: Date.now(), ...more };
  }

  /** A ghost says something; `key` names it. */
  async says(name: string, text: string, more: Partial<GroupMessage> = {}, key = this.nextKey()) {
    const shown = name.slice(0, 1).toUpperCase() + name.slice(1);
    const speaker = { kind: "ghost", ghost: this.world.ghost(name), name: shown } as const;
    return await this.world.home.deliverToGroup(this.roomId, this.id, speaker, this.message(text, more), key);
  }

  nextKey(): string {
    this.#said += 1;
    return `${this.id} ${this.#said}`;
  }
}
