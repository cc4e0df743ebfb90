/** What people can say to the bridge. Each command is declared here and nowhere else. */
import type { AccountRecord, PuppetState } from "../model.ts";
import { messageId } from "../model.ts";
import { oneLine } from "../plain.ts";
import type { StoredContact } from "../ports/store.ts";
import { CONTACT_COMMANDS } from "./contacts.ts";
import { GROUP_COMMANDS } from "./groups.ts";
import { PLACE_COMMANDS } from "./places.ts";
import { PORTAL_COMMANDS } from "./portals.ts";
import type { Command } from "./registry.ts";
import { command, explained, meantBy, usage } from "./registry.ts";
import type { CommandServices, Context } from "./services.ts";
import { ACCOUNT, pick } from "./services.ts";

const STATE_WORDS: Readonly<Record<PuppetState, string>> = {
  "signed-out": "signed out",
  "signing-in": "signing in",
  on: "signed in",
  waiting: "waiting to sign in again",
  elsewhere: "signed in somewhere else",
  "bad-password": "password refused",
};

const link = command({
  name: "link",
  args: [],
  needsAccount: false,
  summary: "link an MSN account: gives you a private page that works once",
  run: async ({ resident, services }: Context) => {
    const { url, minutes } = await services.issueLink(resident);
    return `Open this page to link your MSN account. It is for you alone, works once and expires in ${minutes} minutes:\n${url}\nNever write your password here.`;
  },
});

const unlink = command({
  name: "unlink",
  args: [
    ACCOUNT,
    {
      name: "scope",
      kind: "choice",
      choices: ["everywhere"],
      optional: true,
      help: "`everywhere`: also where else it is linked from",
    },
  ],
  summary: "sign out and forget an account, its password and its waiting messages",
  run: async (context: Context, { account, scope }) => {
    const chosen = pick(context, account);
    const staying = await context.services.unlink(chosen, context.resident, scope === "everywhere");
    return staying.length > 0
      ? `${chosen.address} is unlinked here; it stays signed in for ${staying.join(", ")}. \`unlink everywhere\` would have ended that, too. Your rooms stay as they are.`
      : `${chosen.address} is unlinked; its password has been deleted here. Your rooms stay as they are.`;
  },
});

const accounts = command({
  name: "accounts",
  args: [],
  summary: "the accounts you have linked",
  run: async (context: Context) =>
    context.accounts
      .map(
        (one) =>
          `• ${one.address} on ${context.services.title(one.network)}: ${STATE_WORDS[context.services.state(one).state]}${alsoFrom(context, one)}`,
      )
      .join("\n"),
});

const status = command({
  name: "status",
  args: [],
  needsAccount: false,
  summary: "whether all is well, and if not, why",
  run: async (context: Context) => {
    if (context.accounts.length === 0) return "The bridge is running. You have no account linked; say `link`.";
    const lines = await Promise.all(context.accounts.map((one) => statusLine(context, one)));
    return lines.join("\n");
  },
});

/** Where else it is linked from. */
function alsoFrom({ services, resident }: Context, account: AccountRecord): string {
  const homes = services.elsewhere(account, resident);
  return homes.length > 0 ? `, also linked from ${homes.join(", ")}` : "";
}

async function statusLine(context: Context, account: AccountRecord): Promise<string> {
  const { services, resident } = context;
  const now = services.state(account);
  const [waiting, parked] = await Promise.all([services.waiting(account), services.parked(account, resident)]);
  const parts = [
    `• ${account.address} on ${services.title(account.network)}: ${STATE_WORDS[now.state]}${now.dialect ? ` (${now.dialect})` : ""}${alsoFrom(context, account)}`,
  ];
  if (now.why && (now.state === "waiting" || now.state === "bad-password")) parts.push(sentence(now.why));
  if (now.retryAt) parts.push(`Next try in ${Math.max(0, Math.round((now.retryAt - Date.now()) / 1000))} s.`);
  if (now.state === "elsewhere")
    parts.push("Say `resume` to sign in here again; that other place may be signed out then.");
  if (now.state === "signed-out") parts.push("Say `resume` to sign in here.");
  if (waiting > 0) parts.push(`${waiting} message(s) wait to be sent.`);
  if (parked.length > 0) parts.push(`${parked.length} message(s) failed; say \`retry\` to send them again.`);
  return parts.join(" ");
}

/** Servers' reasons come with and without a full stop. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

const contacts = command({
  name: "contacts",
  args: [{ name: "filter", kind: "rest", optional: true, help: "part of a name or address" }],
  summary: "your contacts, who is there first",
  run: async (context: Context, { filter }) => {
    const lists = await Promise.all(context.accounts.map((one) => context.services.contacts(one)));
    const wanted = filter?.toLowerCase();
    const found = lists
      .flat()
      .filter(
        (one) =>
          one.listed &&
          (!wanted ||
            [one.address, one.displayName, one.nickname ?? ""].some((text) => text.toLowerCase().includes(wanted))),
      )
      .sort(
        (a, b) =>
          Number(a.presence.availability === "offline") - Number(b.presence.availability === "offline") ||
          a.displayName.localeCompare(b.displayName),
      );
    if (found.length === 0)
      return filter ? `No contact matches "${filter.slice(0, 60)}".` : "Your contact list is empty.";
    const lines = found.slice(0, 200).map(contactLine);
    if (found.length > lines.length)
      lines.push(`… and ${found.length - lines.length} more; say \`contacts <part of a name>\`.`);
    return lines.join("\n");
  },
});

/** Characters of a contact's own words in a list. */
const SHOWN_NAME = 100;
const SHOWN_TEXT = 200;

function contactLine(one: StoredContact): string {
  const { availability } = one.presence;
  const text = oneLine(one.presence.text, SHOWN_TEXT);
  const called = oneLine(one.displayName, SHOWN_NAME) || one.address;
  const nickname = oneLine(one.nickname ?? "", SHOWN_NAME);
  const name = nickname === "" ? called : `${nickname} (${called})`;
  const state = one.blocked ? "blocked" : availability.replaceAll("-", " ");
  return `• ${name} <${one.address}>: ${state}${text ? ` – ${text}` : ""}`;
}

const presence = command({
  name: "presence",
  args: [
    {
      name: "state",
      kind: "availability",
      help: "online, busy, away, …; offline signs out; automatic follows your client",
    },
    ACCOUNT,
  ],
  summary: "how MSN sees you; `offline` signs out, `automatic` follows your client",
  run: async (context: Context, { state, account }) => {
    const chosen = pick(context, account);
    await context.services.wish(chosen, { availability: state });
    if (state === "offline") return `${chosen.address} is signed out. Say \`resume\` to come back.`;
    return state === "automatic"
      ? `${chosen.address} now follows the presence of your client.`
      : `${chosen.address} is now ${state.replaceAll("-", " ")}.`;
  },
});

const psm = command({
  name: "psm",
  args: [
    { name: "text", kind: "rest", optional: true, help: "the message; nothing: follow the status text of your client" },
  ],
  summary: "your personal message; without text it follows your client's status text",
  run: async (context: Context, { text }) => {
    for (const account of context.accounts) await context.services.wish(account, { text: text ?? null });
    return text
      ? `Your personal message is now: ${text}`
      : "Your personal message now follows the status text of your client.";
  },
});

const retry = command({
  name: "retry",
  args: [{ name: "message", kind: "word", optional: true, help: "id of one message; nothing: all that failed" }],
  summary: "send again what failed",
  run: async (context: Context, { message }) => {
    let sent = 0;
    for (const account of context.accounts) {
      if (!message) sent += await retryAll(context, account);
      else if (await context.services.retry(account, messageId(message))) sent += 1;
    }
    if (sent === 0)
      return message
        ? "That message is not waiting to be sent again."
        : "Nothing has failed; there is nothing to send again.";
    return `Sending ${sent} message(s) again.`;
  },
});

/** What had failed by now, page by page; what fails again meanwhile is left for the next time. */
async function retryAll({ services, resident }: Context, account: AccountRecord): Promise<number> {
  const now = Date.now();
  let sent = 0;
  for (;;) {
    const before = sent;
    for (const { place, at } of await services.parked(account, resident))
      if (at <= now && (await services.retry(account, place))) sent += 1;
    if (sent === before) return sent;
  }
}

const help = command({
  name: "help",
  args: [
    { name: "command", kind: "word", optional: true, help: "one of them, to hear all about it; nothing: the list" },
  ],
  needsAccount: false,
  summary: "this list, or all about one command",
  run: async (_: Context, { command: wanted }) => {
    if (wanted === undefined) return COMMANDS.map((one) => `• \`${usage(one)}\`: ${one.summary}`).join("\n");
    const name = wanted.replace(/^[!/`]+|`$/g, "").toLowerCase();
    const found = COMMANDS.find((one) => one.name === name);
    if (found) return explained(found);
    const meant = meantBy(name, COMMANDS);
    return `There is no such command.${meant ? ` Did you mean \`help ${meant}\`?` : ""} \`help\` lists them all.`;
  },
});

/** In the order in which `help` shows them. */
export const COMMANDS: readonly Command<CommandServices>[] = [
  help,
  link,
  unlink,
  accounts,
  status,
  contacts,
  ...GROUP_COMMANDS,
  ...PORTAL_COMMANDS,
  ...CONTACT_COMMANDS,
  presence,
  psm,
  ...PLACE_COMMANDS,
  retry,
];
