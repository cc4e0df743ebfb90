import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import type { GroupId, GroupRecord } from "../../../src/bridge/groups/model.ts";
import { groupId, setKey } from "../../../src/bridge/groups/model.ts";
import type { ContactAddress, ResidentId, RoomId } from "../../../src/bridge/model.ts";
import { residentId } from "../../../src/bridge/model.ts";
import type { ToyBoard } from "../../support/toy-boards.ts";
import { ToyGroupHome } from "../../support/toy-group-home.ts";
import { NET } from "../../unit/bridge/support.ts";
import { alice, contact, Redis, until, World } from "./world.ts";

export const [ALICE, BOB, CAROL, DAVE, EMILY] = ["alice", "bob", "carol", "dave", "emily"].map(contact) as [
  ContactAddress,
  ContactAddress,
  ContactAddress,
  ContactAddress,
  ContactAddress,
];

/** Two homes with rooms for groups, and people on the network. */
export class GroupWorld extends World {
  declare readonly home: ToyGroupHome;
  readonly house: ToyGroupHome;
  /** Somebody of the house who has emily's account. */
  readonly emma: ResidentId;
  /** Another resident of the first home. */
  readonly ben: ResidentId;

  constructor(redis: Redis, options: ConstructorParameters<typeof World>[1] = {}, namespace?: string) {
    super(redis, options, namespace, new ToyGroupHome());
    this.house = new ToyGroupHome("toyhouse", "Toyhouse");
    this.homes.push(this.house);
    this.emma = residentId(this.house.name, "emma@toy");
    this.ben = residentId(this.home.name, "@ben:toy");
    this.network.account(EMILY);
    for (const [address, name] of [
      [CAROL, "Carol"],
      [DAVE, "Dave"],
    ] as const)
      this.network.contact(address, "online", "", name);
  }

  /** Alice's account is linked in the first home; `both`: emma's, too, in the house. */
  async begin(both = true): Promise<this> {
    await this.start();
    await this.link(alice);
    if (both) await this.link(this.emma, "emily");
    return this;
  }

  /** The group's room in a home, when there is one. */
  async groupRoom(home: ToyGroupHome = this.home, at = 0): Promise<RoomId> {
    return until(`a room of the group in ${home.name}`, () => {
      const room = home.groupRoom(at);
      return room !== undefined && home.shapes.has(room) ? room : undefined;
    });
  }

  /** Somebody says the first word, and the rooms are there. */
  async talking(board: ToyBoard, from: ContactAddress = BOB): Promise<{ here: RoomId; there: RoomId }> {
    board.say(from, "hello all");
    const [here, there] = [await this.groupRoom(), await this.groupRoom(this.house)];
    await until("the first words", () => this.home.chat(here).length === 1 && this.house.chat(there).length === 1);
    return { here, there };
  }

  group(...people: ContactAddress[]): GroupId {
    return groupId(NET, setKey(people));
  }

  async record(...people: ContactAddress[]): Promise<GroupRecord | undefined> {
    return this.store.group(this.group(...people));
  }
}

/** The words of a chat, without who said them. */
export const texts = (lines: readonly string[]): string[] => lines.map((line) => line.split(": ").slice(1).join(": "));

/** A new world for each test of a file, all on one Redis. */
export function useGroupWorlds(given: (world: GroupWorld) => void): { readonly redis: Redis } {
  let redis: Redis | undefined;
  let world: GroupWorld | undefined;
  const opened = (): Redis => {
    if (redis === undefined) throw new Error("Redis is there only inside tests and hooks");
    return redis;
  };
  beforeAll(async () => {
    redis = await Redis.start();
  });
  afterAll(() => opened().stop());
  beforeEach(() => {
    world = new GroupWorld(opened());
    given(world);
  });
  afterEach(() => world?.stop());
  return {
    get redis() {
      return opened();
    },
  };
}
