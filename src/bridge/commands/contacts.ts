/** Commands that change the contact list. */
import { BridgeError } from "../errors.ts";
import type { AccountRecord, ContactAddress } from "../model.ts";
import { parseContactAddress } from "../model.ts";
import { oneLine } from "../plain.ts";
import type { ContactEditing } from "../ports/network.ts";
import type { Command } from "./registry.ts";
import { command, pieces } from "./registry.ts";
import type { CommandServices, Context } from "./services.ts";
import { ACCOUNT, pick } from "./services.ts";

const ADDRESS = { name: "address", kind: "contact", help: "the contact's MSN address" } as const;
/** Characters of a name that is said back. */
const SHOWN = 100;
/** Requests in one answer. */
const MOST_SHOWN = 100;
/** Networks keep less; what is longer is a mistake. */
const LONGEST_NAME = 130;

const add = command({
  name: "add",
  args: [ADDRESS, ACCOUNT, { name: "message", kind: "rest", optional: true, help: "words that go with your request" }],
  summary: "add a contact; they are asked whether they agree",
  run: async (context: Context, { address, account, message }) => {
    const chosen = pick(context, account);
    await context.services.list(chosen).addContact(address, message?.slice(0, 500));
    return `${address} is in your contact list now and sees your request. Say \`chat ${address}\` to open a room.`;
  },
});

const remove = command({
  name: "remove",
  args: [ADDRESS, ACCOUNT],
  summary: "take a contact off your list; it does not block them",
  run: async (context: Context, { address, account }) => {
    await context.services.list(pick(context, account)).removeContact(address);
    return `${address} is no longer in your contact list. They may still write to you; say \`block ${address}\` if they shall not.`;
  },
});

const block = command({
  name: "block",
  args: [ADDRESS, ACCOUNT],
  summary: "someone shall not see you nor write to you",
  run: async (context: Context, { address, account }) => {
    await context.services.list(pick(context, account)).block(address);
    return `${address} is blocked: to them you are offline, and their messages do not reach you. Say \`unblock ${address}\` to take it back.`;
  },
});

const unblock = command({
  name: "unblock",
  args: [ADDRESS, ACCOUNT],
  summary: "someone may see you and write to you again",
  run: async (context: Context, { address, account }) => {
    await context.services.list(pick(context, account)).unblock(address);
    return `${address} is no longer blocked.`;
  },
});

const rename = command({
  name: "rename",
  args: [
    ADDRESS,
    ACCOUNT,
    { name: "name", kind: "rest", optional: true, help: "your name for them; nothing: their own name again" },
  ],
  summary: "your own name for a contact, which only you see",
  run: async (context: Context, { address, account, name }) => {
    const nickname = name === undefined ? "" : checkedName(name);
    await context.services.list(pick(context, account)).rename(address, nickname);
    return nickname === ""
      ? `${address} goes by their own name again.`
      : `${address} is "${oneLine(nickname, SHOWN)}" to you now. Nobody else sees that name.`;
  },
});

const groups = command({
  name: "groups",
  args: [
    {
      name: "action",
      kind: "choice",
      choices: ["new", "rename", "delete", "put", "take"],
      optional: true,
      help: "nothing: your groups; new <group>; rename <group> <name>; delete <group>; put <address> <group>; take <address> <group>",
    },
    {
      name: "what",
      kind: "rest",
      optional: true,
      help: 'addresses and groups; "a group of several words" in quotes; of several accounts of yours the one that stands last',
    },
  ],
  summary: "the groups of your contact list, and changes of them",
  run: async (context: Context, { action, what }) => {
    const { account, words } = withAccount(context, pieces(what ?? ""));
    const list = context.services.list(account);
    if (action === undefined) return shownGroups(context, account, list);
    if (action === "new" || action === "delete") {
      const name = groupName(words);
      if (action === "new") await list.createGroup(name);
      else await list.deleteGroup(name);
      return action === "new" ? `There is a group "${name}" now.` : `The group "${name}" is gone; its contacts stay.`;
    }
    if (action === "rename") return renameGroup(list, words);
    const [address, ...rest] = words;
    if (address === undefined) throw new BridgeError("bad-input", { detail: "the contact's address is missing" });
    const contact = parseContactAddress(address);
    const name = groupName(rest);
    if (action === "put") await list.addToGroup(contact, name);
    else await list.removeFromGroup(contact, name);
    return action === "put" ? `${contact} is in "${name}" now.` : `${contact} is no longer in "${name}".`;
  },
});

async function renameGroup(list: ContactEditing, words: readonly string[]): Promise<string> {
  const [name, to, more] = words;
  if (name === undefined || to === undefined || more !== undefined)
    throw new BridgeError("bad-input", { detail: 'two names are needed; write "several words" in quotes' });
  await list.renameGroup(name, checkedName(to));
  return `The group "${name}" is "${to}" now.`;
}

/** Of several accounts the one that is named last. */
function withAccount(context: Context, words: readonly string[]): { account: AccountRecord; words: readonly string[] } {
  const last = words.at(-1)?.toLowerCase();
  const named = context.accounts.length > 1 ? context.accounts.find((one) => one.address === last) : undefined;
  return named ? { account: named, words: words.slice(0, -1) } : { account: pick(context, undefined), words };
}

function groupName(words: readonly string[]): string {
  const name = words.join(" ").trim();
  if (name === "") throw new BridgeError("bad-input", { detail: "the group's name is missing" });
  return checkedName(name);
}

function checkedName(name: string): string {
  const clean = oneLine(name, LONGEST_NAME + 1);
  if (clean === "" || clean.length > LONGEST_NAME)
    throw new BridgeError("bad-input", { detail: `a name has 1-${LONGEST_NAME} characters that can be seen` });
  return clean;
}

async function shownGroups(context: Context, account: AccountRecord, list: ContactEditing): Promise<string> {
  const names = [...list.groups()].sort((a, b) => a.localeCompare(b));
  if (names.length === 0) return "You have no groups. Say `groups new <name>` to make one.";
  const contacts = (await context.services.contacts(account)).filter(({ listed }) => listed);
  return names
    .map((name) => {
      const inside = contacts.filter((one) => one.groups.includes(name)).map(({ address }) => address);
      const shown = inside.length > 50 ? [...inside.slice(0, 50), `… and ${inside.length - 50} more`] : inside;
      return `• ${oneLine(name, SHOWN)}: ${shown.length === 0 ? "nobody" : shown.join(", ")}`;
    })
    .join("\n");
}

const requests = command({
  name: "requests",
  args: [ACCOUNT],
  summary: "who would like to be your contact and waits for an answer",
  run: async (context: Context, { account }) => {
    const chosen = pick(context, account);
    const open = context.services.list(chosen).requests();
    if (open.length === 0) return "Nobody waits for an answer.";
    const lines = open.slice(0, MOST_SHOWN).map(({ address, displayName }) => {
      const name = oneLine(displayName, SHOWN);
      return `• ${name === "" || name === address ? address : `${name} <${address}>`}`;
    });
    if (open.length > MOST_SHOWN) lines.push(`… and ${open.length - MOST_SHOWN} more`);
    return `${lines.join("\n")}\nSay \`accept <address>\` or \`decline <address>\`.`;
  },
});

const ASKER = {
  name: "address",
  kind: "contact",
  optional: true,
  help: "who asked; needed when several wait",
} as const;

const accept = command({
  name: "accept",
  args: [ASKER, ACCOUNT],
  summary: "agree to a friend request; they become your contact",
  run: async (context: Context, { address, account }) => {
    const asked = whoAsked(context, address, account);
    await context.services.list(asked.account).accept(asked.contact);
    await context.services.answered(asked.account, asked.contact);
    return `${asked.contact} is your contact now. Say \`chat ${asked.contact}\` to open a room.`;
  },
});

const decline = command({
  name: "decline",
  args: [ASKER, ACCOUNT],
  summary: "turn a friend request down; they are blocked and not told",
  run: async (context: Context, { address, account }) => {
    const asked = whoAsked(context, address, account);
    await context.services.list(asked.account).decline(asked.contact);
    await context.services.answered(asked.account, asked.contact);
    return `The request of ${asked.contact} is turned down. They are not told, and cannot see you or write to you; \`unblock ${asked.contact}\` changes that.`;
  },
});

/** Whose request is meant, and at which account. @throws BridgeError `bad-input` when that is not clear. */
function whoAsked(
  context: Context,
  address: ContactAddress | undefined,
  named: ContactAddress | undefined,
): { account: AccountRecord; contact: ContactAddress } {
  const accounts = named === undefined ? context.accounts : [pick(context, named)];
  const open = accounts.flatMap((account) => openRequests(context, account));
  const meant = address === undefined ? open : open.filter(({ contact }) => contact === address);
  const [first, second] = meant;
  if (first && !second) return first;
  if (first && address === undefined)
    throw new BridgeError("bad-input", { detail: "several wait; name the one you mean (`requests` shows them)" });
  if (first) throw new BridgeError("bad-input", { detail: "they ask several of your accounts; name the one you mean" });
  throw new BridgeError("bad-input", {
    detail: address === undefined ? "nobody waits for an answer" : `${address} does not wait for an answer`,
  });
}

/** Those of one account; an account that is not signed in knows of none, unless it is the only one. */
function openRequests(context: Context, account: AccountRecord): { account: AccountRecord; contact: ContactAddress }[] {
  try {
    return context.services
      .list(account)
      .requests()
      .map(({ address }) => ({ account, contact: address }));
  } catch (error) {
    if (context.accounts.length === 1) throw error;
    return [];
  }
}

const privacy = command({
  name: "privacy",
  args: [
    {
      name: "who",
      kind: "choice",
      choices: ["everybody", "allowed"],
      optional: true,
      help: "everybody, or only those whom you have allowed; nothing: how it is now",
    },
    ACCOUNT,
  ],
  summary: "who may see you and write to you",
  run: async (context: Context, { who, account }) => {
    const list = context.services.list(pick(context, account));
    if (who !== undefined) await list.setPrivacy(who);
    const now = who ?? list.privacy();
    if (now === undefined) return "The network has not said who may see you.";
    return now === "everybody"
      ? "Everybody whom you have not blocked may see you and write to you."
      : "Only contacts whom you have allowed may see you and write to you.";
  },
});

export const CONTACT_COMMANDS: readonly Command<CommandServices>[] = [
  add,
  remove,
  block,
  unblock,
  rename,
  groups,
  requests,
  accept,
  decline,
  privacy,
];
