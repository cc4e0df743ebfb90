/** Commands about rooms: which there are, what they are tied to, and how they end. */
import { BridgeError } from "../errors.ts";
import type { ContactAddress } from "../model.ts";
import { parseContactAddress } from "../model.ts";
import type { Command } from "./registry.ts";
import { command, unquoted } from "./registry.ts";
import type { CommandServices, Context } from "./services.ts";

const CHAT_HELP = "its number, name or key, as `portals` shows them";

const portals = command({
  name: "portals",
  args: [{ name: "filter", kind: "rest", optional: true, help: "part of a name, an address or a room" }],
  summary: "your rooms, with whom they are, where they are tied, and what has stopped",
  run: async (context: Context, { filter }) => context.services.groups.portals(context, filter),
});

const portal = command({
  name: "portal",
  args: [
    {
      name: "action",
      kind: "choice",
      choices: ["delete", "resume"],
      help: "`delete`: first says what would go; `resume`: goes on where a room had stopped",
    },
    { name: "chat", kind: "name", optional: true, help: `${CHAT_HELP}; nothing: that of this room` },
    {
      name: "code",
      kind: "word",
      looks: /^[\da-f]{4}$/i,
      optional: true,
      help: "to delete it: the word that `portal delete` names",
    },
  ],
  summary: "delete a room of yours with what waits in it, or go on with one that has stopped",
  run: async (context: Context, { action, chat, code }) => {
    const { groups } = context.services;
    return action === "delete" ? groups.deletePortal(context, chat, code) : groups.resume(context, chat);
  },
});

const bridge = command({
  name: "bridge",
  args: [
    { name: "group", kind: "name", help: CHAT_HELP },
    {
      name: "room",
      kind: "word",
      looks: /^[#!]|^[a-z]+:\S|@/i,
      optional: true,
      help: "the room's address; nothing: the room in which you say this",
    },
  ],
  summary: "tie a room that exists already to a group",
  run: async (context: Context, { group, room }) => context.services.groups.bridge(context, group, room),
});

const unbridge = command({
  name: "unbridge",
  args: [
    {
      name: "what",
      kind: "rest",
      optional: true,
      help: "a group or a room; nothing: the room in which you say this",
    },
  ],
  needsAccount: false,
  summary: "undo `bridge`: the room is only its people's again",
  run: async (context: Context, { what }) => context.services.groups.unbridge(context, unquoted(what)),
});

const relay = command({
  name: "relay",
  args: [
    {
      name: "action",
      kind: "choice",
      choices: ["set", "prefix", "unset"],
      optional: true,
      help: "nothing: who has one; set <group> [account]; prefix <group> on|off; unset <group>",
    },
    { name: "group", kind: "name", optional: true, help: `${CHAT_HELP}; nothing: that of this room` },
    {
      name: "what",
      kind: "word",
      looks: /@|^(?:on|off)$/i,
      optional: true,
      help: "`set`: the account that speaks; `prefix`: on or off",
    },
  ],
  needsAccount: false,
  summary: "an account that speaks in a group for people who have none in it",
  run: async (context: Context, { action, ...said }) => {
    const { groups } = context.services;
    if (action === undefined) return groups.relays(context);
    const { group, what } = inPlace(action, said);
    if (action === "set") return groups.setRelay(context, group, what === undefined ? undefined : address(what));
    if (action === "unset") {
      if (what !== undefined) throw new BridgeError("bad-input", { detail: `there is too much after it: "${what}"` });
      return groups.unsetRelay(context, group);
    }
    const prefix = what?.toLowerCase();
    if (prefix !== "on" && prefix !== "off")
      throw new BridgeError("bad-input", { detail: "say whether the names are to be `on` or `off`" });
    return groups.setRelayPrefix(context, group, prefix === "on");
  },
});

interface Said {
  readonly group: string | undefined;
  readonly what: string | undefined;
}

/** In the group's room its name may be left out: then what stands first is what is to be set. */
function inPlace(action: "set" | "prefix" | "unset", { group, what }: Said): Said {
  if (group === undefined || what !== undefined) return { group, what };
  const isWhat = action === "set" ? group.includes("@") : action === "prefix" && /^(?:on|off)$/i.test(group);
  return isWhat ? { group: undefined, what: group } : { group, what };
}

function address(text: string): ContactAddress {
  return parseContactAddress(text);
}

export const PORTAL_COMMANDS: readonly Command<CommandServices>[] = [portals, portal, bridge, unbridge, relay];
