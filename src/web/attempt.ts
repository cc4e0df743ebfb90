/** One try on a link page: from the form's fields to linked, or to why not. */
import { asBridgeError, BridgeError } from "../bridge/errors.ts";
import { accountParts, type ContactAddress, type NetworkName, parseContactAddress } from "../bridge/model.ts";
import type { Linker } from "../bridge/ports/linking.ts";
import type { LinkTicket, LinkTicketStore } from "../bridge/ports/store.ts";
import { Secret } from "../bridge/secret.ts";

/** The fields as they came, the password sealed. */
export interface LinkFields {
  readonly network: string;
  readonly address: string;
  readonly password: Secret;
  readonly proof: string;
}

export type Outcome =
  | { readonly kind: "linked"; readonly address: string; readonly network: string }
  /** The page stays; `left` tries remain. */
  | {
      readonly kind: "failed";
      readonly error: BridgeError;
      readonly network: string;
      readonly stages: readonly string[];
      readonly left: number;
    }
  | { readonly kind: "expired" }
  | { readonly kind: "too-many" };

const MAX_STAGES = 30;
/** The longest that a person is kept waiting for a sign-in, ms. */
const TRY_TIMEOUT_MS = 75_000;

/** Seals the password at once; anything that is not a text field counts as empty. */
export function readFields(body: unknown): LinkFields {
  const record = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const field = (name: string): string => {
    const value = record[name];
    return typeof value === "string" ? value : "";
  };
  return {
    network: field("network"),
    address: field("address"),
    password: new Secret(field("password")),
    proof: field("proof"),
  };
}

export interface AttemptParts {
  readonly tickets: LinkTicketStore;
  readonly linker: Linker;
  readonly maxTries: number;
}

/** What a checked form asks for. */
interface Request {
  readonly network: NetworkName;
  readonly title: string;
  readonly address: ContactAddress;
  readonly spelling: string;
  readonly password: Secret;
}

/** @throws BridgeError `bad-input`, `bad-address` when a field cannot be meant. */
function checkFields(linker: Linker, ticket: LinkTicket, fields: LinkFields): Request {
  const fixed = ticket.account === undefined ? undefined : accountParts(ticket.account);
  const wanted = fixed?.network ?? fields.network;
  const network = linker.networks.find((candidate) => candidate.name === wanted);
  if (network === undefined) throw new BridgeError("bad-input", { detail: "there is no such network here" });
  const length = Buffer.byteLength(fields.password.open());
  if (length === 0) throw new BridgeError("bad-input", { detail: "the password is empty" });
  if (length > 1024) throw new BridgeError("bad-input", { detail: "the password is too long" });
  const address = fixed?.address ?? parseContactAddress(fields.address);
  const typed = fields.address.trim();
  const spelling = typed.toLowerCase() === address ? typed : address;
  return { network: network.name, title: network.title, address, spelling, password: fields.password };
}

/**
 * Tries a form. What cannot be meant costs no try; every sign-in does. Success uses the ticket up.
 * @throws BridgeError `store-down`.
 */
export async function attempt(
  parts: AttemptParts,
  token: Secret,
  ticket: LinkTicket,
  fields: LinkFields,
  onStage: (stage: string) => void,
  closing: AbortSignal,
): Promise<Outcome> {
  const { tickets, linker, maxTries } = parts;
  const stages: string[] = [];
  const fail = (error: BridgeError, left: number): Outcome => {
    const network = linker.networks.find((n) => n.name === fields.network)?.title ?? "The network";
    return { kind: "failed", error, network: request?.title ?? network, stages, left };
  };
  let request: Request | undefined;
  try {
    request = checkFields(linker, ticket, fields);
  } catch (error) {
    return fail(asBridgeError(error), maxTries);
  }
  const tries = await tickets.tryTicket(token);
  if (tries === undefined) return { kind: "expired" };
  if (tries > maxTries) return tooMany(tickets, token);
  const signal = AbortSignal.any([closing, AbortSignal.timeout(TRY_TIMEOUT_MS)]);
  try {
    const stageSeen = (stage: string): void => {
      if (stages.length >= MAX_STAGES || stages.at(-1) === stage) return;
      stages.push(stage);
      onStage(stage);
    };
    await linker.linkAccount(ticket.resident, request, stageSeen, signal);
  } catch (error) {
    if (tries === maxTries) return tooMany(tickets, token);
    return fail(signal.aborted ? timedOut(stages.at(-1), closing) : asBridgeError(error), maxTries - tries);
  }
  await tickets.consumeTicket(token);
  return { kind: "linked", address: request.address, network: request.title };
}

async function tooMany(tickets: LinkTicketStore, token: Secret): Promise<Outcome> {
  await tickets.consumeTicket(token);
  return { kind: "too-many" };
}

function timedOut(stage: string | undefined, closing: AbortSignal): BridgeError {
  const detail = closing.aborted ? "the bridge is being restarted" : "it took too long";
  return new BridgeError("sign-in-failed", { detail, ...(stage === undefined ? {} : { stage }) });
}
