import type { Logger } from "pino";
import type { CommandRegistry } from "./commands/registry.ts";
import type { CommandServices } from "./commands/services.ts";
import { asBridgeError, BridgeError } from "./errors.ts";
import type { LaneHandler } from "./lanes.ts";
import { NO_HOME } from "./lanes.ts";
import type { HomeEvent, HomeName, LaneEntry, PortalId } from "./model.ts";
import { laneName } from "./model.ts";
import type { PortalDirectory } from "./portals.ts";
import type { Home } from "./ports/home.ts";
import type { Store } from "./ports/store.ts";
import { RecentMap } from "./recent.ts";

export interface ControlOptions {
  readonly store: Store;
  readonly portals: PortalDirectory;
  readonly homes: ReadonlyMap<HomeName, Home>;
  readonly commands: CommandRegistry<CommandServices>;
  readonly services: CommandServices;
  readonly log: Logger;
  /** Passes an entry on to a portal's lane, where it belongs by now. */
  readonly forward: (portal: PortalId, entry: LaneEntry) => Promise<void>;
}

type Answers = RecentMap<string, string>;

/** Handles the control lanes: what residents say to the bridge itself, and rooms that are no portal (yet). */
export function controlHandler(o: ControlOptions): LaneHandler {
  // What a command did is not done again because its answer could not be said at once.
  const answers: Answers = new RecentMap(1000);
  return async (entry, left) => {
    const { body } = entry;
    if (body.from !== "home") return { kind: "done" };
    const home = o.homes.get(body.home);
    if (!home) return NO_HOME;
    const event = home.read(body.raw);
    if (!event) return { kind: "done" };
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
    await answer(o, answers, home, event, entry, left);
    return { kind: "done" };
  };
}

async function answer(
  o: ControlOptions,
  answers: Answers,
  home: Home,
  event: Exclude<HomeEvent, { kind: "own" }>,
  entry: LaneEntry,
  left: Promise<void>,
): Promise<void> {
  const key = `answer|${laneName(entry.lane)}|${entry.id}`;
  switch (event.kind) {
    case "command":
      return reply(o, answers, home, event, event.line, key, left);
    case "text":
      if (event.instead !== undefined) return decline(home, event, event.instead, key);
      return reply(o, answers, home, event, event.text, key, left);
    case "retry":
      return reply(o, answers, home, event, `retry ${event.target}`, key, left);
    case "invited":
      return home.decline(event.room, event.ghost, new BridgeError("not-linked"));
    case "unsupported":
      return decline(home, event, event.what, key);
    case "nudge":
    case "reaction":
    case "again":
    case "left":
      return;
  }
}

async function decline(
  home: Home,
  { resident, room }: HomeEvent & { kind: "text" | "unsupported" },
  what: string,
  key: string,
): Promise<void> {
  await home.say(resident, room, `I can do nothing with ${what} here. Say \`help\` for what I can do.`, key);
}

async function reply(
  o: ControlOptions,
  answers: Answers,
  home: Home,
  event: HomeEvent & { kind: "command" | "text" | "retry" },
  line: string,
  key: string,
  left: Promise<void>,
): Promise<void> {
  const text = answers.get(key) ?? (await run(o, event, line, left));
  answers.set(key, text);
  await home.say(event.resident, event.room, text, key);
}

async function run(
  o: ControlOptions,
  { resident, room }: HomeEvent & { kind: "command" | "text" | "retry" },
  line: string,
  noted: Promise<void>,
): Promise<string> {
  const accounts = await o.store.accountsOf(resident);
  try {
    return await o.commands.run(line, { resident, accounts, room, noted, services: o.services });
  } catch (error) {
    const failure = asBridgeError(error);
    if (failure.code === "home-down" || failure.retry === "now") throw failure;
    o.log.error({ err: failure, resident }, "a command failed");
    return failure.person;
  }
}
