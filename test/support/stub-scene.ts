import { afterEach } from "vitest";
import type { RoomId } from "../../src/bridge/model.ts";
import type { MatrixHomeOptions } from "../../src/matrix/index.ts";
import type { Registration } from "../../src/matrix/registration.ts";
import { makeRegistration, type RunningHome, startHome } from "./matrix-home.ts";
import type { MemoryProfiles } from "./matrix-host.ts";
import { StubHomeserver } from "./stub-homeserver.ts";

export const DOMAIN = "stub.test";
export const ANNA = `@anna:${DOMAIN}`;
export const BOT = `@_msnbot:${DOMAIN}`;

export interface StubScene extends RunningHome {
  readonly stub: StubHomeserver;
  readonly registration: Registration;
  /** The bridge's own address. */
  readonly url: string;
  /** A room of the bot's with anna, known as her management room. */
  management(): Promise<RoomId>;
}

type Wish = Partial<MatrixHomeOptions> & { profiles?: MemoryProfiles };

const scenes: { stop(): Promise<void> }[] = [];

/** Registers the clean-up; call once at the top of a test file. */
export function cleanScenes(): void {
  afterEach(async () => {
    for (const scene of scenes.splice(0)) await scene.stop();
  });
}

/** A stub homeserver and a Matrix side that have found each other. */
export async function scene(wish: Wish = {}): Promise<StubScene> {
  const { registration, port } = await makeRegistration(DOMAIN);
  const url = registration.url;
  const tokens = { asToken: registration.asToken.open(), hsToken: registration.hsToken.open() };
  const stub = await StubHomeserver.start({ domain: DOMAIN, bridgeUrl: url, ...tokens });
  scenes.push(stub);
  // Tests that are about it wish it sooner: others count calls and rooms.
  const limits = { knockAfterMs: 3_600_000, ...wish.limits };
  const running = await startHome({ homeserverUrl: stub.url, domain: DOMAIN, registration, port, ...wish, limits });
  scenes.unshift(running.home);
  await running.home.attached();
  stub.forgetCalls();
  const management = async (): Promise<RoomId> => {
    const room = stub.makeRoom({ [ANNA]: "join", [BOT]: "invite" });
    const before = running.host.events.length;
    await stub.push([stub.event(room.id, ANNA, "m.room.member", { membership: "invite", is_direct: true }, BOT)]);
    await running.host.waitFor("the bot in the room", () => running.host.events.length > before);
    return room.id as RoomId;
  };
  return { ...running, stub, registration, url, management };
}

/** Stops something at the end of the test, before the scenes. */
export function stopLater(thing: { stop(): Promise<void> }): void {
  scenes.unshift(thing);
}
