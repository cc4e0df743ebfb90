import type { CommandServices } from "./commands/commands.ts";
import type { CommandRegistry } from "./commands/registry.ts";
import { asBridgeError, BridgeError } from "./errors.ts";
import type { Outcome } from "./lanes.ts";
import type { HomeEvent, HomeName, LaneEntry, LaneRef, PortalId } from "./model.ts";
import { laneName } from "./model.ts";
import type { PortalDirectory } from "./portals.ts";
import type { Home } from "./ports/home.ts";
import type { Store } from "./ports/store.ts";

export interface ControlOptions {
  readonly store: Store;
  readonly portals: PortalDirectory;
  readonly homes: ReadonlyMap<HomeName, Home>;
  readonly commands: CommandRegistry<CommandServices>;
  readonly services: CommandServices;
  /** Passes an entry on to a portal's lane, where it belongs by now. */
  readonly forward: (portal: PortalId, entry: LaneEntry) => Promise<void>;
}

/** Handles the control lanes: what residents say to the bridge itself, and rooms that are no portal (yet). */
export function controlHandler(o: ControlOptions): (entry: LaneEntry) => Promise<Outcome> {
  return async (entry) => {
    const { body } = entry;
    if (body.from !== "home") return { kind: "done" };
    const home = o.homes.get(body.home);
    const event = home?.read(body.raw);
    if (!home || !event) return { kind: "done" };
    if (event.kind === "own") {
      await home.perform(body.raw);
      return { kind: "done" };
    }
    // A room that became a portal while this waited: its words belong behind its invitation.
    const portal = event.kind === "command" ? undefined : await o.portals.ofRoom(home.name, event.room);
    if (portal) {
      await o.forward(portal, entry);
      return { kind: "done" };
    }
    await answer(o, home, event, entry.lane, entry);
    return { kind: "done" };
  };
}

async function answer(
  o: ControlOptions,
  home: Home,
  event: Exclude<HomeEvent, { kind: "own" }>,
  lane: LaneRef,
  entry: LaneEntry,
): Promise<void> {
  const key = `answer|${laneName(lane)}|${entry.id}`;
  switch (event.kind) {
    case "command":
      return reply(o, home, event, event.line, key);
    case "text":
      return reply(o, home, event, event.text, key);
    case "retry":
      return reply(o, home, event, `retry ${event.target}`, key);
    case "invited":
      return home.decline(event.room, event.ghost, new BridgeError("not-linked"));
    case "unsupported":
      await home.say(event.resident, event.room, "I understand only words here. Say `help` for what I can do.", key);
      return;
    case "left":
      return;
  }
}

async function reply(
  o: ControlOptions,
  home: Home,
  event: HomeEvent & { kind: "command" | "text" | "retry" },
  line: string,
  key: string,
): Promise<void> {
  const accounts = await o.store.accountsOf(event.resident);
  let text: string;
  try {
    text = await o.commands.run(line, { resident: event.resident, accounts, services: o.services });
  } catch (error) {
    const failure = asBridgeError(error);
    if (failure.code === "home-down" || failure.code === "store-down") throw failure;
    text = failure.person;
  }
  await home.say(event.resident, event.room, text, key);
}
