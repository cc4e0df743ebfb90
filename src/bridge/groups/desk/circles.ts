import type { Asker } from "../../commands/group-desk.ts";
import { asBridgeError, BridgeError } from "../../errors.ts";
import type { AccountRecord, ContactAddress } from "../../model.ts";
import { accountParts } from "../../model.ts";
import { oneLine } from "../../plain.ts";
import type { CircleInvitation } from "../../ports/groups.ts";
import { talksInGroups } from "../../ports/groups.ts";
import type { Invitations } from "../invitations.ts";
import type { GroupRecord, LiveGroup } from "../model.ts";
import { memberLabel, seatsOf } from "../plumbing.ts";
import type { Catalogue } from "./catalogue.ts";
import { nameOf } from "./catalogue.ts";
import type { DeskOptions } from "./desk-options.ts";
import { talking } from "./desk-options.ts";
import { speaker } from "./talking.ts";

/** Circles and invitations in one answer. */
const MOST = 50;
const SHOWN_NAME = 80;
const SHOWN_WORDS = 200;

interface Waiting {
  readonly account: AccountRecord;
  readonly invitation: CircleInvitation;
}

/** `circles`: those one is in, and the invitations that wait. */
export async function circles(o: DeskOptions, asker: Asker): Promise<string> {
  const signedIn = asker.accounts.filter(({ id }) => o.fleet.session(id) !== undefined);
  const [only] = asker.accounts;
  if (signedIn.length === 0 && only) talking(o, only);
  const lines = signedIn.flatMap((account) => {
    const session = o.fleet.session(account.id);
    const live = session && talksInGroups(session) ? [...session.liveGroups()] : [];
    const whose = asker.accounts.length > 1 ? ` (${account.address})` : "";
    return live.filter(({ kind }) => kind === "circle").map((one) => `• ${circleLine(one, account)}${whose}`);
  });
  const waiting = invitations(o, asker).map(({ account, invitation }) => `• ${invitationLine(invitation, account)}`);
  if (lines.length + waiting.length === 0)
    return "You are in no circle, and no invitation waits. `circle create <name>` makes one, where your network has circles.";
  const shown = [...lines, ...waiting].slice(0, MOST);
  const more = lines.length + waiting.length - shown.length;
  if (more > 0) shown.push(`… and ${more} more`);
  if (waiting.length > 0) shown.push("Say `circle accept <name>` or `circle decline <name>`.");
  return shown.join("\n");
}

function circleLine(live: LiveGroup, account: AccountRecord): string {
  const own = live.members.find(({ address }) => address === account.address);
  const people = live.members.filter(({ role }) => role !== "pending").length;
  const role = own?.role === "admin" ? ", you are an admin" : "";
  return `${nameOf(live, [account])}: ${people} in it${role}`;
}

function invitationLine({ name, inviter, message }: CircleInvitation, account: AccountRecord): string {
  const words = oneLine(message ?? "", SHOWN_WORDS);
  return `${circleName(name)}: ${inviter ?? "somebody"} invites ${account.address}${words === "" ? "" : ` – ${words}`}`;
}

export function circleName(name: string): string {
  return oneLine(name, SHOWN_NAME) || "a circle without a name";
}

function invitations(o: DeskOptions, { accounts }: Asker): Waiting[] {
  return accounts.flatMap((account) => {
    const session = o.fleet.session(account.id);
    if (!session || !talksInGroups(session)) return [];
    return session.circleInvitations().map((invitation) => ({ account, invitation }));
  });
}

/** `circle create`. */
export async function createCircle(o: DeskOptions, account: AccountRecord, name: string): Promise<string> {
  const live = await talking(o, account).createCircle(name);
  await o.groups.known(account, live);
  return `There is a circle "${circleName(live.name || name)}" now, and you are its admin. Say \`circle invite <address> <circle>\` to ask somebody in; its room opens with the first word, or \`bridge\` ties one.`;
}

/** `circle accept` and `circle decline`. */
export async function answerCircle(
  o: DeskOptions,
  told: Invitations,
  asker: Asker,
  named: string | undefined,
  accept: boolean,
): Promise<string> {
  const { account, invitation } = meant(invitations(o, asker), named);
  await talking(o, account).answerCircle(invitation.circle, accept);
  await told.answered(account, invitation.circle);
  return accept
    ? `You are in the circle "${circleName(invitation.name)}" now. Its room opens when somebody speaks in it.`
    : `The invitation into "${circleName(invitation.name)}" is turned down.`;
}

/** @throws BridgeError `bad-input` when none waits, or several could be meant. */
function meant(waiting: readonly Waiting[], named: string | undefined): Waiting {
  const wanted = named?.trim().toLowerCase();
  const found =
    wanted === undefined
      ? waiting
      : waiting.filter(({ invitation: { name, circle, inviter } }) =>
          [name.trim().toLowerCase(), circleName(name).toLowerCase(), circle.toLowerCase(), inviter].includes(wanted),
        );
  const [first, second] = found;
  if (first && !second) return first;
  if (first)
    throw new BridgeError("bad-input", {
      detail: `several wait: ${found.map(({ invitation: { name, circle } }) => `${circleName(name)} (${circle})`).join(", ")}; name the one you mean`,
    });
  throw new BridgeError("bad-input", {
    detail:
      wanted === undefined
        ? "no invitation into a circle waits"
        : `no invitation into "${oneLine(named ?? "", SHOWN_NAME)}" waits; \`circles\` shows them`,
  });
}

/** A circle and one's account in it; an admin one, when there is one. */
async function inCircle(
  catalogue: Catalogue,
  asker: Asker,
  what: string | undefined,
): Promise<{ record: GroupRecord; account: AccountRecord; name: string }> {
  const record = await catalogue.group(asker, what);
  const name = nameOf(record, asker.accounts);
  if (record.kind !== "circle")
    throw new BridgeError("group-refused", {
      detail: `"${name}" is no circle, only those who happen to be together, and MSN has no roles and no names for that`,
    });
  const seats = seatsOf(
    record,
    asker.accounts.map(({ id }) => id),
  );
  const admins = new Set(record.members.filter(({ role }) => role === "admin").map(({ address }) => address));
  const best = seats.find((seat) => admins.has(accountParts(seat).address));
  return { record, account: asker.accounts.find(({ id }) => id === best) ?? speaker(asker, record), name };
}

/** `circle rename`. What the network does not allow comes back as its refusal. */
export async function renameCircle(
  o: DeskOptions,
  catalogue: Catalogue,
  asker: Asker,
  what: string | undefined,
  to: string,
): Promise<string> {
  const { record, account, name } = await inCircle(catalogue, asker, what);
  const { session, handle } = await o.groups.live(account, record.id);
  await refusedAs(() => session.nameGroup(handle, to), record, account);
  await o.groups.save(record.id, { name: to });
  return `The circle "${name}" is "${circleName(to)}" now.`;
}

/** `circle remove`. */
export async function removeFromCircle(
  o: DeskOptions,
  catalogue: Catalogue,
  asker: Asker,
  what: string | undefined,
  contact: ContactAddress,
): Promise<string> {
  const { record, account, name } = await inCircle(catalogue, asker, what);
  mustBeIn(record, contact, name);
  const { session, handle } = await o.groups.live(account, record.id);
  await refusedAs(() => session.removeMember(handle, contact), record, account);
  return `${contact} is taken out of the circle "${name}".`;
}

/** `circle role`. */
export async function setCircleRole(
  o: DeskOptions,
  catalogue: Catalogue,
  asker: Asker,
  what: string | undefined,
  contact: ContactAddress,
  role: "admin" | "member",
): Promise<string> {
  const { record, account, name } = await inCircle(catalogue, asker, what);
  mustBeIn(record, contact, name);
  const { session, handle } = await o.groups.live(account, record.id);
  await refusedAs(() => session.setGroupRole(handle, contact, role), record, account);
  return role === "admin"
    ? `${contact} is an admin of the circle "${name}" now.`
    : `${contact} is a member of the circle "${name}" like others now.`;
}

function mustBeIn(record: GroupRecord, contact: ContactAddress, name: string): void {
  if (!record.members.some(({ address }) => address === contact))
    throw new BridgeError("group-refused", { detail: `${contact} is not in the circle "${name}"` });
}

/** A network that refuses what only admins may do does not always say why: then who could is said here. */
async function refusedAs(act: () => Promise<void>, { members }: GroupRecord, { address }: AccountRecord) {
  try {
    await act();
  } catch (error) {
    const failure = asBridgeError(error);
    const isAdmin = members.some((one) => one.address === address && one.role === "admin");
    if (failure.code !== "change-refused" || isAdmin) throw failure;
    const admins = members.filter(({ role }) => role === "admin").map(memberLabel);
    const able = admins.length === 0 ? "one of its admins" : admins.slice(0, 5).join(", ");
    throw new BridgeError("group-refused", {
      detail: `you are no admin of this circle; ask ${able}${failure.context.detail ? ` (${failure.context.detail})` : ""}`,
    });
  }
}
