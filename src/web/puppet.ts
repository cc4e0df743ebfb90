/**
 * The page on which a resident gives the bridge an access token of their own, so that it can post as them what they say in
 * their own Messenger. Like a link page: private, short-lived, works once, and using it needs no script.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { asBridgeError } from "../bridge/errors.ts";
import { residentParts } from "../bridge/model.ts";
import type { DoublePuppeting } from "../bridge/ports/home.ts";
import type { LinkTicket, LinkTicketStore } from "../bridge/ports/store.ts";
import { Secret } from "../bridge/secret.ts";
import { beginForm, type FormParts, isFromOurPage } from "./form.ts";
import { sendFault } from "./link.ts";
import type { PageFrame } from "./pages.ts";
import { puppetDonePage, puppetPage } from "./puppet-page.ts";
import type { RateLimiter } from "./rate.ts";
import { tokenMark } from "./token.ts";
import { CROSS_SITE, EXPIRED, type FailureWords, readable, SLOW_DOWN, TOO_MANY_TRIES, triesLeft } from "./words.ts";

export interface PuppetParts extends FormParts {
  readonly tickets: LinkTicketStore;
  readonly puppets: Pick<DoublePuppeting, "givePuppet">;
  readonly maxTries: number;
  readonly frame: () => PageFrame;
  readonly byAddress: RateLimiter;
  readonly log: Logger;
}

type PuppetRequest = FastifyRequest<{ Params: { token: string } }>;

const LONGEST = 4096;
/** What a header can carry: no blanks, and none of the quotes that word processors put around it. */
const TOKEN = /^[\x21-\x7e]+$/;

export function servePuppetPages(app: FastifyInstance, parts: PuppetParts): void {
  const slow = (request: PuppetRequest, reply: FastifyReply): FastifyReply | undefined => {
    const wait = parts.byAddress.take(request.ip);
    if (wait === 0) return undefined;
    return sendFault(request, reply.header("retry-after", wait), parts.frame(), 429, SLOW_DOWN);
  };

  app.get("/puppet/:token", async (request: PuppetRequest, reply) => {
    const token = new Secret(request.params.token);
    const refused = slow(request, reply);
    if (refused !== undefined) return refused;
    const ticket = await ticketOf(parts, token);
    if (ticket === undefined) return sendFault(request, reply, parts.frame(), 410, AGAIN);
    return sendForm(parts, request, reply, token, ticket);
  });

  app.post("/puppet/:token", async (request: PuppetRequest, reply) => {
    const token = new Secret(request.params.token);
    const { access, proof } = readFields(request.body);
    request.body = undefined;
    const refused = slow(request, reply);
    if (refused !== undefined) return refused;
    const ticket = await ticketOf(parts, token);
    if (ticket === undefined) return sendFault(request, reply, parts.frame(), 410, AGAIN);
    if (!isFromOurPage(parts, request, token, proof)) return sendFault(request, reply, parts.frame(), 403, CROSS_SITE);
    return take(parts, request, reply, token, ticket, access);
  });
}

const AGAIN = forPuppet(EXPIRED);

/** What is said of link pages, of this one. */
function forPuppet(words: FailureWords): FailureWords {
  return { ...words, text: words.text.replace("“link”", "“puppet”") };
}

async function ticketOf(parts: PuppetParts, token: Secret): Promise<LinkTicket | undefined> {
  const ticket = await parts.tickets.peekTicket(token);
  return ticket?.purpose === "puppet" ? ticket : undefined;
}

function readFields(body: unknown): { access: Secret; proof: string } {
  const record = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const { access, proof } = record;
  return {
    access: new Secret(typeof access === "string" ? access.trim() : ""),
    proof: typeof proof === "string" ? proof : "",
  };
}

function sendForm(
  parts: PuppetParts,
  request: FastifyRequest,
  reply: FastifyReply,
  token: Secret,
  ticket: LinkTicket,
  failure?: FailureWords,
): FastifyReply {
  const proof = beginForm(parts, request, reply, token);
  const form = { resident: residentParts(ticket.resident).id, proof, ...(failure === undefined ? {} : { failure }) };
  return reply.type("text/html; charset=utf-8").send(puppetPage(parts.frame(), form));
}

/** Tries the token; one that cannot be one costs no try. */
async function take(
  parts: PuppetParts,
  request: FastifyRequest,
  reply: FastifyReply,
  token: Secret,
  ticket: LinkTicket,
  access: Secret,
): Promise<FastifyReply> {
  const { tickets, maxTries, log } = parts;
  const text = access.open();
  if (text.length > LONGEST || !TOKEN.test(text)) {
    const words = { title: "That is no access token", text: "Copy all of it, and nothing but it." };
    return sendForm(parts, request, reply.code(400), token, ticket, words);
  }
  const tries = await tickets.tryTicket(token);
  if (tries === undefined) return sendFault(request, reply, parts.frame(), 410, AGAIN);
  if (tries > maxTries) return tooMany(parts, request, reply, token);
  try {
    await parts.puppets.givePuppet(ticket.resident, access);
  } catch (error) {
    if (tries === maxTries) return tooMany(parts, request, reply, token);
    const known = asBridgeError(error);
    log.info({ link: tokenMark(token), outcome: known.code }, "puppet page");
    const words = { title: "Not accepted", text: `${readable(known.person)} ${triesLeft(maxTries - tries)}` };
    return sendForm(parts, request, reply.code(known.http), token, ticket, words);
  }
  await tickets.consumeTicket(token);
  log.info({ link: tokenMark(token), outcome: "given" }, "puppet page");
  return reply.type("text/html; charset=utf-8").send(puppetDonePage(parts.frame()));
}

async function tooMany(
  { tickets, frame }: PuppetParts,
  request: FastifyRequest,
  reply: FastifyReply,
  token: Secret,
): Promise<FastifyReply> {
  await tickets.consumeTicket(token);
  return sendFault(request, reply, frame(), 429, forPuppet(TOO_MANY_TRIES));
}
