import { linkByPage } from "./link-page.ts";
import type { MsnPerson } from "./msn-person.ts";
import { Transcript } from "./transcript.ts";
import type { World } from "./world.ts";
import type { XmppPerson } from "./xmpp-person.ts";

/** Time for one thing to cross. */
const CROSS_MS = 60_000;

/**
 * The scripted conversation of `npm run sandbox -- --check` on XMPP: Emma registers with the gateway, links her MSN account
 * and talks with Fred, who is on MSN. Each step waits until the other side has seen it.
 * @throws Error naming what was not seen; the transcript so far is in `transcript`
 */
export async function playXmppConversation(world: World, transcript: Transcript): Promise<void> {
  const emma = await world.xmppClient("emma");
  const fred = await world.messenger("fred", "MSNP18");
  transcript.msn("Fred (MSNP18) signs in");
  await registerAccount(world, emma, "emily", transcript);
  await fredOnRoster(world, emma, transcript);
  await presenceOfFred(world, emma, fred, transcript);
  await presenceOfEmma(world, emma, fred, transcript);
  await talk(world, emma, fred, transcript);
  await nudges(world, emma, fred, transcript);
  await fredLeaves(world, emma, fred, transcript);
}

/** Registers with the gateway (XEP-0077), fills in the page that it names, and waits until the gateway is signed in. */
export async function registerAccount(
  world: World,
  emma: XmppPerson,
  name: string,
  transcript = new Transcript(),
): Promise<void> {
  const gateway = gatewayOf(world);
  const { url } = await emma.ask.registration(gateway);
  if (url === undefined) throw new Error(`${gateway} gives no address to whom registers`);
  transcript.xmpp(`Emma registers with ${gateway} and gets a private page`);
  await linkByPage(url, world.account(name));
  transcript.xmpp(`Emma enters ${world.account(name).email} and her password on the page`);
  const isSignedIn = ({ type, show }: { type: string; show: string | undefined }) => type === "available" && !show;
  await emma.waitForPresence(gateway, "signed in", isSignedIn, CROSS_MS);
  transcript.xmpp(`${gateway} is online: ${world.account(name).email} is signed in`);
}

async function fredOnRoster(world: World, emma: XmppPerson, transcript: Transcript): Promise<void> {
  const ghost = world.xmppGhost("fred");
  const item = await emma.waitFor("Fred on the roster", () => emma.roster.get(ghost), CROSS_MS);
  const groups = item.groups.join(", ");
  transcript.xmpp(`${item.name ?? ""} is on Emma's roster, in ${groups}: ${item.jid}`);
}

async function presenceOfFred(world: World, emma: XmppPerson, fred: MsnPerson, transcript: Transcript): Promise<void> {
  await fred.setPersonalMessage("gone fishing");
  await fred.setStatus("BRB");
  transcript.msn("Fred is right back; personal message: gone fishing");
  const seen = await emma.waitForPresence(
    world.xmppGhost("fred"),
    "right back",
    ({ show, status }) => show === "away" && status?.includes("gone fishing") === true,
    CROSS_MS,
  );
  transcript.xmpp(`Fred is ${seen.show}: ${seen.status}`);
}

async function presenceOfEmma(world: World, emma: XmppPerson, fred: MsnPerson, transcript: Transcript): Promise<void> {
  await emma.setPresence({ show: "dnd", status: "in a meeting" });
  transcript.xmpp("Emma is dnd; status: in a meeting");
  const seen = await fred.waitFor(
    "Emma's presence",
    () => {
      const now = fred.contact(world.account("emily").email);
      return now?.status === "BSY" && now.personalMessage === "in a meeting" && now;
    },
    CROSS_MS,
  );
  transcript.msn(`Emily is ${seen.status}: ${seen.personalMessage}`);
}

async function talk(world: World, emma: XmppPerson, fred: MsnPerson, transcript: Transcript): Promise<void> {
  const ghost = world.xmppGhost("fred");
  const { email } = world.account("emily");
  const hello = await emma.say(ghost, "Hello Fred, can you read this? ☕");
  transcript.xmpp("Emma: Hello Fred, can you read this? ☕");
  await fred.waitForText("Hello Fred, can you read this? (C)", CROSS_MS);
  transcript.msn("Emily: Hello Fred, can you read this? (C)");
  await emma.waitForReceipt(hello, CROSS_MS);
  transcript.xmpp("(delivered: the receipt)");
  await emma.showChatState(ghost, "composing");
  transcript.xmpp("Emma types …");
  await fred.waitFor("Emma to type", () => fred.typists.some(({ from }) => from === email), CROSS_MS);
  transcript.msn("… Emily is typing");
  await fred.type(email);
  transcript.msn("Fred types …");
  const isComposing = () =>
    emma.messages.some(({ from, chatState }) => from.startsWith(ghost) && chatState === "composing");
  await emma.waitFor("Fred to type", isComposing, CROSS_MS);
  transcript.xmpp("… Fred is typing");
  await fred.say(email, "Loud and clear :)");
  transcript.msn("Fred: Loud and clear :)");
  await emma.waitForMessage("Loud and clear 🙂", ghost, CROSS_MS);
  transcript.xmpp("Fred: Loud and clear 🙂");
}

async function nudges(world: World, emma: XmppPerson, fred: MsnPerson, transcript: Transcript): Promise<void> {
  const ghost = world.xmppGhost("fred");
  const { email } = world.account("emily");
  await emma.nudge(ghost);
  transcript.xmpp("Emma asks for attention");
  await fred.waitFor("Emma's nudge", () => fred.nudges.some((from) => from === email), CROSS_MS);
  transcript.msn("Emily nudges");
  await fred.nudge(email);
  transcript.msn("Fred nudges");
  const isNudge = () => emma.messages.find(({ from, attention }) => from.startsWith(ghost) && attention);
  const nudge = await emma.waitFor("Fred's nudge", isNudge, CROSS_MS);
  transcript.xmpp(`Fred asks for attention: ${nudge.body ?? ""}`);
}

async function fredLeaves(world: World, emma: XmppPerson, fred: MsnPerson, transcript: Transcript): Promise<void> {
  await fred.signOut();
  transcript.msn("Fred signs out");
  const isGone = ({ type }: { type: string }) => type === "unavailable";
  await emma.waitForPresence(world.xmppGhost("fred"), "offline", isGone, CROSS_MS);
  transcript.xmpp("Fred is unavailable");
}

function gatewayOf(world: World): string {
  if (world.xmpp === undefined) throw new Error("there is no XMPP server in this world");
  return world.xmpp.component;
}
