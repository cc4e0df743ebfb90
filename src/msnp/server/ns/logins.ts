import { createHash, randomBytes } from "node:crypto";
import { md5Response } from "../../auth/md5.ts";
import { verifyRpsResponse } from "../../auth/rps.ts";
import type { LoginKind, ServerDialect } from "../dialects/types.ts";
import type { Quirks } from "../options.ts";
import type { Account } from "../state/account.ts";
import type { NsFront } from "./front.ts";
import { POLICIES } from "./payloads.ts";

/** Text that the client turns into its Passport request; its parts mean nothing here (source: msnp-core §3.3). */
const TWEENER_CHALLENGE = "ct=1,rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1";
const SSO_POLICY = "MBI_KEY_OLD";
const TICKET_LENGTH = 20;

/** Somebody who has proved who they are, and the ticket by which web services know them from now on. */
export interface Proven {
  readonly account: Account;
  readonly ticket: string;
}

/** One way to sign in: what answers `USR .. I`, and what becomes of `USR .. S` (source: msnp-core §3). */
export interface Login {
  challenge(front: NsFront, dialect: ServerDialect, trid: string, email: string): void;
  /** Undefined when the proof is wrong. Throws when something is missing, which gets no answer. */
  check(front: NsFront, dialect: ServerDialect, claimed: string, args: readonly string[]): Proven | undefined;
}

export const LOGINS: Readonly<Record<LoginKind, Login>> = {
  MD5: { challenge: sendSalt, check: checkHash },
  TWN: { challenge: sendTweenerChallenge, check: (front, _dialect, claimed, args) => ticketOf(front, claimed, args) },
  SSO: { challenge: sendNonce, check: checkProof },
};

/** Whether an address is that of the account, as the network compares them. */
export function isSpelled(quirks: Quirks, account: Account, address: string): boolean {
  if (quirks.spelledAddresses) return account.email === address;
  return account.email.toLowerCase() === address.toLowerCase();
}

/** That nobody has the address shows only at the next step (source: msnp-core §3.2). */
function sendSalt(front: NsFront, _dialect: ServerDialect, trid: string, email: string): void {
  const { hub } = front;
  const account = hub.directory.byEmail(email);
  front.nonce = hub.quirks.fixedSalts && account !== undefined ? fixedSalt(account) : freshSalt(hub.now());
  front.connection.send("USR", trid, "MD5", "S", front.nonce);
}

/** Escargot keeps passwords as salted hashes, so that each account has one salt for good (source: msnp-core §3.2). */
function fixedSalt(account: Account): string {
  const digest = createHash("sha256").update(`salt/${account.id}`).digest();
  return `1${digits(digest.readUIntBE(0, 6), 9)}.${digits(digest.readUIntBE(6, 6), 9)}`;
}

function freshSalt(now: number): string {
  return `${Math.floor(now / 1000)}.${digits(randomBytes(6).readUIntBE(0, 6), 9)}`;
}

function digits(value: number, count: number): string {
  return String(value % 10 ** count).padStart(count, "0");
}

function checkHash(
  front: NsFront,
  _dialect: ServerDialect,
  claimed: string,
  args: readonly string[],
): Proven | undefined {
  const [hash] = args;
  if (hash === undefined || front.nonce === undefined) throw new Error("USR S without a hash");
  const { hub, nonce } = front;
  const account = hub.directory.byEmail(claimed);
  if (account === undefined || !isSpelled(hub.quirks, account, claimed)) return undefined;
  if (!account.provesPassword((password) => md5Response(nonce, password) === hash)) return undefined;
  return { account, ticket: hub.tickets.issue({ account }, hub.limits.rstTicketMs) };
}

function sendTweenerChallenge({ connection }: NsFront, dialect: ServerDialect, trid: string): void {
  if (dialect.pushesPolicies) connection.sendPayload(["GCF", 0], POLICIES);
  connection.send("USR", trid, "TWN", "S", TWEENER_CHALLENGE);
}

function sendNonce(front: NsFront, dialect: ServerDialect, trid: string): void {
  if (dialect.pushesPolicies) front.connection.sendPayload(["GCF", 0], POLICIES);
  front.nonce = randomBytes(48).toString("base64");
  front.connection.send("USR", trid, "SSO", "S", SSO_POLICY, front.nonce);
}

function ticketOf(
  { hub }: NsFront,
  claimed: string,
  args: readonly string[],
): (Proven & { secret?: string }) | undefined {
  const [given] = args;
  if (given === undefined) throw new Error("USR S without a ticket");
  const ticket = given.startsWith("t=") ? given.slice(2, 2 + TICKET_LENGTH) : given;
  const known = hub.tickets.peek(ticket);
  if (known === undefined || !isSpelled(hub.quirks, known.account, claimed)) return undefined;
  return { ...known, ticket };
}

function checkProof(
  front: NsFront,
  dialect: ServerDialect,
  claimed: string,
  args: readonly string[],
): Proven | undefined {
  const proven = ticketOf(front, claimed, args);
  if (proven === undefined) return undefined;
  const [, response] = args;
  if (response === undefined) return dialect.proofRequired ? undefined : proven;
  const { nonce } = front;
  if (proven.secret === undefined || nonce === undefined) return undefined;
  return verifyRpsResponse(proven.secret, nonce, response) ? proven : undefined;
}
