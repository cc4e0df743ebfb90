/** Commands about talking with several at once. Groups of the contact list are in contacts.ts. */
import { BridgeError } from "../errors.ts";
import type { AccountRecord, ContactAddress } from "../model.ts";
import { parseContactAddress } from "../model.ts";
import { oneLine } from "../plain.ts";
import type { Command } from "./registry.ts";
import { command, pieces, unquoted } from "./registry.ts";
import type { CommandServices, Context } from "./services.ts";
import { ACCOUNT, pick } from "./services.ts";

const GROUP = {
  name: "group",
  kind: "rest",
  optional: true,
  help: "its number, name or key, as `portals` shows them; nothing: that of this room",
} as const;
/** Contacts who are called together at once. */
const MOST_CALLED = 50;
/** Circles have names as long as those of contacts. */
const LONGEST_NAME = 130;

const chat = command({
  name: "chat",
  args: [
    { name: "address", kind: "contact", help: "the contact's MSN address" },
    ACCOUNT,
    { name: "more", kind: "rest", optional: true, help: "addresses of more contacts, for a chat with all of them" },
  ],
  summary: "open a room with a contact, or with several at once",
  run: async (context: Context, { address, account, more }) => {
    const { services, resident } = context;
    const { chosen, others } = called(context, account, more);
    if (others.length === 0) return services.openChat(chosen, resident, address);
    return services.groups.start(context, chosen, [address, ...others]);
  },
});

/** An address that is one's own says through which account; every other one is somebody who is called. */
function called(context: Context, first: ContactAddress | undefined, more: string | undefined) {
  const rest = (more ?? "").split(/[\s,;]+/).filter((word) => word !== "");
  if (rest.length > MOST_CALLED)
    throw new BridgeError("bad-input", { detail: `more than ${MOST_CALLED} cannot be called at once` });
  const all = [...(first === undefined ? [] : [first]), ...rest.map(parseContactAddress)];
  const own = all.find((one) => context.accounts.some(({ address }) => address === one));
  return { chosen: pick(context, own), others: all.filter((one) => one !== own) };
}

const invite = command({
  name: "invite",
  args: [{ name: "address", kind: "contact", help: "the contact's MSN address" }, GROUP],
  summary: "ask a contact into a group chat or a circle",
  run: async (context: Context, { address, group }) =>
    context.services.groups.invite(context, address, unquoted(group)),
});

const leave = command({
  name: "leave",
  args: [GROUP],
  summary: "leave a group chat, or a circle for good",
  run: async (context: Context, { group }) => context.services.groups.leave(context, unquoted(group)),
});

const nudge = command({
  name: "nudge",
  args: [
    {
      name: "who",
      kind: "rest",
      optional: true,
      help: "a contact's address, or a chat as in `portals`; nothing: who is in this room",
    },
  ],
  summary: "ring a contact or a whole group, once in 10 seconds",
  run: async (context: Context, { who }) => context.services.groups.nudge(context, unquoted(who)),
});

const circles = command({
  name: "circles",
  args: [],
  summary: "the circles you are in, and the invitations that wait for your answer",
  run: async (context: Context) => context.services.groups.circles(context),
});

const circle = command({
  name: "circle",
  args: [
    {
      name: "action",
      kind: "choice",
      choices: ["create", "invite", "accept", "decline", "leave", "rename", "remove", "role"],
      help: "create <name>; accept [circle]; decline [circle]; invite <address> [circle]; remove <address> [circle]; role <address> admin|member [circle]; rename <circle> <name>; leave [circle]",
    },
    {
      name: "what",
      kind: "rest",
      optional: true,
      help: 'addresses, circles and names; "a circle of several words" in quotes where something follows it; `create`: of several accounts of yours the one that stands last',
    },
  ],
  summary: "make a circle, answer an invitation into one, or change one",
  run: async (context: Context, { action, what }) => {
    const { groups } = context.services;
    const words = pieces(what ?? "");
    const named = unquoted(what);
    switch (action) {
      case "create":
        return create(context, words);
      case "accept":
        return groups.answerCircle(context, named, true);
      case "decline":
        return groups.answerCircle(context, named, false);
      case "leave":
        return groups.leave(context, named);
      case "rename":
        return groups.renameCircle(context, words[0], circleName(words.slice(1)));
      case "invite": {
        const { contact, rest } = withContact(words);
        return groups.invite(context, contact, together(rest));
      }
      case "remove": {
        const { contact, rest } = withContact(words);
        return groups.removeFromCircle(context, together(rest), contact);
      }
      case "role": {
        const { contact, rest } = withContact(words);
        const { role, others } = withRole(rest);
        return groups.setCircleRole(context, together(others), contact, role);
      }
    }
  },
});

/** Of several accounts the one that is named last. */
async function create(context: Context, words: readonly string[]): Promise<string> {
  const last = words.at(-1)?.toLowerCase();
  const own: AccountRecord | undefined =
    words.length > 1 ? context.accounts.find(({ address }) => address === last) : undefined;
  const name = circleName(own ? words.slice(0, -1) : words);
  return context.services.groups.createCircle(own ?? pick(context, undefined), name);
}

/** The first address among the words, and the words around it. */
function withContact(words: readonly string[]): { contact: ContactAddress; rest: readonly string[] } {
  const at = words.findIndex((word) => word.includes("@"));
  const word = words[at];
  if (word === undefined) throw new BridgeError("bad-input", { detail: "the contact's address is missing" });
  return { contact: parseContactAddress(word), rest: words.filter((_, i) => i !== at) };
}

/** The role stands first or last, so that a circle may be called as a role. */
function withRole(words: readonly string[]): { role: "admin" | "member"; others: readonly string[] } {
  const [first = "", last = ""] = [words[0]?.toLowerCase(), words.at(-1)?.toLowerCase()];
  if (first === "admin" || first === "member") return { role: first, others: words.slice(1) };
  if (last === "admin" || last === "member") return { role: last, others: words.slice(0, -1) };
  throw new BridgeError("bad-input", { detail: "say which role: `admin` or `member`" });
}

function together(words: readonly string[]): string | undefined {
  return words.length === 0 ? undefined : words.join(" ");
}

function circleName(words: readonly string[]): string {
  const name = oneLine(words.join(" "), LONGEST_NAME + 1);
  if (name === "" || name.length > LONGEST_NAME)
    throw new BridgeError("bad-input", {
      detail: `a circle's name has 1-${LONGEST_NAME} characters that can be seen`,
    });
  return name;
}

/** With the one that opens rooms. */
export const GROUP_COMMANDS: readonly Command<CommandServices>[] = [chat, invite, leave, nudge, circles, circle];
