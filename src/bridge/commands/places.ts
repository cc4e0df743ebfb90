/** Commands about the places where an account is signed in. */
import { BridgeError } from "../errors.ts";
import { oneLine } from "../plain.ts";
import type { Device } from "../ports/network.ts";
import type { Command } from "./registry.ts";
import { command } from "./registry.ts";
import type { CommandServices, Context } from "./services.ts";
import { ACCOUNT, pick } from "./services.ts";

const SHOWN = 60;

const devices = command({
  name: "devices",
  args: [
    ACCOUNT,
    { name: "action", kind: "choice", choices: ["out"], optional: true, help: "`out <number>` signs a place out" },
    { name: "number", kind: "word", optional: true, help: "the place, as `devices` numbers them" },
  ],
  summary: "where your account is signed in, and signing a place out",
  run: async (context: Context, { action, number, account }) => {
    const places = context.services.places(pick(context, account));
    const known = ordered(places.devices());
    if (action === undefined) return known.map((one, i) => `${i + 1}. ${label(one)}`).join("\n");
    const meant = known[Number(number) - 1];
    if (!meant) throw new BridgeError("bad-input", { detail: "say which place by its number; `devices` shows them" });
    if (meant.isSelf)
      throw new BridgeError("bad-input", { detail: "that is the bridge itself; say `presence offline` for that" });
    await places.signOutDevice(meant.id);
    return `${label(meant)} has been asked to sign out.`;
  },
});

/** The bridge first, the others always in the same order. */
function ordered(all: readonly Device[]): Device[] {
  return [...all].sort(
    (a, b) => Number(b.isSelf) - Number(a.isSelf) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id),
  );
}

function label({ name, isSelf }: Device): string {
  const shown = oneLine(name, SHOWN) || "a place without a name";
  return isSelf ? `${shown} (this bridge)` : shown;
}

const resume = command({
  name: "resume",
  args: [ACCOUNT],
  summary: "sign in here again after another place has taken over, or after you have signed out",
  run: async (context: Context, { account }) => {
    const chosen = pick(context, account);
    const { state } = context.services.state(chosen);
    if (state === "on") return `${chosen.address} is signed in already.`;
    if (state === "bad-password")
      return `The password of ${chosen.address} was refused. Say \`link\` and enter it again.`;
    await context.services.resume(chosen);
    return state === "elsewhere"
      ? `${chosen.address} is signing in here again. If your network allows one place at a time, the other one is signed out by that.`
      : `${chosen.address} is signing in.`;
  },
});

const puppet = command({
  name: "puppet",
  args: [
    { name: "action", kind: "choice", choices: ["off"], optional: true, help: "`off` takes your permission back" },
  ],
  summary: "let me post as you what you say in your own Messenger",
  run: async ({ resident, services }: Context, { action }) => {
    const access = await services.puppetAccess(resident);
    if (access === undefined) throw new BridgeError("not-offered", { network: "Your chat server" });
    if (action === "off") {
      await services.dropPuppet(resident);
      return access === "operator"
        ? "What you gave me is forgotten. The operator of this server still lets me post as you what you say elsewhere; ask them about it."
        : "What you gave me is forgotten. Your words from other places come as a contact with your name from now on.";
    }
    if (access === "operator")
      return "The operator of this server lets me post as you what you say in your own Messenger. There is nothing to do.";
    const { url, minutes } = await services.issuePuppetPage(resident);
    const now =
      access === "resident"
        ? "You have let me post as you. Open this page to renew it, or say `puppet off` to end it."
        : "What you say in your own Messenger comes here as a contact with your name. Open this page to let me post it as you.";
    return `${now} The page is for you alone, works once and expires in ${minutes} minutes:\n${url}\nNever write an access token here.`;
  },
});

const session = command({
  name: "session",
  args: [
    {
      name: "mode",
      kind: "choice",
      choices: ["follow", "stay"],
      optional: true,
      help: "`follow`: sign in and out with you; `stay`: stay signed in; nothing: how it is now",
    },
  ],
  summary: "whether your account signs in and out together with you",
  run: async ({ resident, services }: Context, { mode }) => {
    const before = await services.follows(resident);
    if (before === undefined) throw new BridgeError("not-offered", { network: "Your chat server" });
    if (mode !== undefined) await services.setFollows(resident, mode === "follow");
    const follows = mode === undefined ? before : mode === "follow";
    return follows
      ? "Your account signs in and out with you. What is said to you meanwhile waits on the network, where it can."
      : "Your account stays signed in while you are away.";
  },
});

export const PLACE_COMMANDS: readonly Command<CommandServices>[] = [devices, resume, session, puppet];
