/**
 * The linking page: `GET /link/<token>` shows the form and uses nothing up (chat servers fetch links for previews);
 * `POST` tries the sign-in live. A browser with JavaScript asks for NDJSON and sees the stages as they pass, one without
 * gets a plain page.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { BridgeError } from "../bridge/errors.ts";
import { accountParts, residentParts } from "../bridge/model.ts";
import type { LinkTicket } from "../bridge/ports/store.ts";
import { Secret } from "../bridge/secret.ts";
import { type AttemptParts, attempt, type LinkFields, type Outcome, readFields } from "./attempt.ts";
import { beginForm, type FormParts, isFromOurPage } from "./form.ts";
import { faultPage, type LinkForm, linkedPage, linkPage, type PageFrame } from "./pages.ts";
import { createRateLimiter, type RateLimiter } from "./rate.ts";
import { tokenMark } from "./token.ts";
import {
  CROSS_SITE,
  EXPIRED,
  type FailureWords,
  failureWords,
  SLOW_DOWN,
  stageWords,
  TOO_MANY_TRIES,
} from "./words.ts";

export interface LinkParts extends AttemptParts, FormParts {
  readonly frame: () => PageFrame;
  readonly byAddress: RateLimiter;
  readonly closing: AbortSignal;
  readonly log: Logger;
}

type LinkRequest = FastifyRequest<{ Params: { token: string } }>;

const NDJSON = "application/x-ndjson";
const TOKEN_REQUESTS_PER_MINUTE = 30;

const BUSY: FailureWords = {
  title: "Still trying",
  text: "A sign-in from this page is under way. Wait for it to end.",
};

/** Answers with words only: a page, or one NDJSON line for the script. */
export function sendFault(
  request: FastifyRequest,
  reply: FastifyReply,
  frame: PageFrame,
  status: number,
  words: FailureWords,
): FastifyReply {
  reply.code(status);
  if (wantsNdjson(request)) return reply.type(NDJSON).send(line({ result: "failed", ...words, again: false }));
  return reply.type("text/html; charset=utf-8").send(faultPage(frame, words));
}

function wantsNdjson(request: FastifyRequest): boolean {
  return (request.headers.accept ?? "").includes(NDJSON);
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

export function serveLinkPages(app: FastifyInstance, parts: LinkParts): void {
  const byToken = createRateLimiter(TOKEN_REQUESTS_PER_MINUTE);
  /** Marks of the tokens whose sign-in is under way. */
  const busy = new Set<string>();

  const limited = (request: LinkRequest, reply: FastifyReply, token: Secret): FastifyReply | undefined => {
    const wait = Math.max(parts.byAddress.take(request.ip), byToken.take(tokenMark(token)));
    if (wait === 0) return undefined;
    return sendFault(request, reply.header("retry-after", wait), parts.frame(), 429, SLOW_DOWN);
  };

  app.get("/link/:token", async (request: LinkRequest, reply) => {
    const token = new Secret(request.params.token);
    const refused = limited(request, reply, token);
    if (refused !== undefined) return refused;
    const ticket = await parts.tickets.peekTicket(token);
    if (ticket === undefined || ticket.purpose !== undefined)
      return sendFault(request, reply, parts.frame(), 410, EXPIRED);
    return sendForm(parts, request, reply, token, ticket, {});
  });

  app.post("/link/:token", async (request: LinkRequest, reply) => {
    const token = new Secret(request.params.token);
    const fields = readFields(request.body);
    request.body = undefined;
    const refused = limited(request, reply, token);
    if (refused !== undefined) return refused;
    const ticket = await parts.tickets.peekTicket(token);
    if (ticket === undefined || ticket.purpose !== undefined)
      return sendFault(request, reply, parts.frame(), 410, EXPIRED);
    if (!isFromOurPage(parts, request, token, fields.proof))
      return sendFault(request, reply, parts.frame(), 403, CROSS_SITE);
    const mark = tokenMark(token);
    if (busy.has(mark)) return sendFault(request, reply, parts.frame(), 409, BUSY);
    busy.add(mark);
    try {
      if (wantsNdjson(request)) return await streamTry(parts, reply, token, ticket, fields);
      return await plainTry(parts, request, reply, token, ticket, fields);
    } finally {
      busy.delete(mark);
    }
  });
}

function sendForm(
  parts: LinkParts,
  request: FastifyRequest,
  reply: FastifyReply,
  token: Secret,
  ticket: LinkTicket,
  tried: Pick<LinkForm, "failure" | "stages"> & { fields?: LinkFields },
): FastifyReply {
  const proof = beginForm(parts, request, reply, token);
  const fixed = ticket.account === undefined ? undefined : accountParts(ticket.account);
  const form: LinkForm = {
    resident: residentParts(ticket.resident).id,
    networks: parts.linker.networks,
    network: fixed?.network ?? tried.fields?.network ?? parts.linker.networks[0]?.name ?? "",
    address: fixed?.address ?? tried.fields?.address ?? "",
    fixed: fixed !== undefined,
    proof,
    ...(tried.failure === undefined ? {} : { failure: tried.failure }),
    ...(tried.stages === undefined ? {} : { stages: tried.stages }),
  };
  return reply.type("text/html; charset=utf-8").send(linkPage(parts.frame(), form));
}

async function plainTry(
  parts: LinkParts,
  request: FastifyRequest,
  reply: FastifyReply,
  token: Secret,
  ticket: LinkTicket,
  fields: LinkFields,
): Promise<FastifyReply> {
  const outcome = await attempt(parts, token, ticket, fields, () => {}, parts.closing);
  logOutcome(parts, token, outcome);
  switch (outcome.kind) {
    case "linked":
      return reply.type("text/html; charset=utf-8").send(linkedPage(parts.frame(), outcome.address, outcome.network));
    case "expired":
      return sendFault(request, reply, parts.frame(), 410, EXPIRED);
    case "too-many":
      return sendFault(request, reply, parts.frame(), 429, TOO_MANY_TRIES);
    case "failed": {
      const failure = failureWords(outcome.error, outcome.network, outcome.stages.at(-1), outcome.left);
      reply.code(outcome.error.http);
      const stages = stageFailed(outcome.error) ? outcome.stages : [];
      return sendForm(parts, request, reply, token, ticket, { failure, stages, fields });
    }
  }
}

/** One line per stage, then one with the result; the status is 200 whatever comes, because it is sent first. */
async function streamTry(
  parts: LinkParts,
  reply: FastifyReply,
  token: Secret,
  ticket: LinkTicket,
  fields: LinkFields,
): Promise<FastifyReply> {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  // nginx would otherwise hold the stages back until the end.
  reply.raw.writeHead(200, { "content-type": NDJSON, "x-accel-buffering": "no" });
  // A person who closes the page is no reason to stop: the sign-in ends by itself and the chat tells of it.
  const write = (value: object): void => {
    if (!reply.raw.destroyed) reply.raw.write(line(value));
  };
  try {
    const onStage = (stage: string): void => write({ stage, words: stageWords(stage) });
    const outcome = await attempt(parts, token, ticket, fields, onStage, parts.closing);
    logOutcome(parts, token, outcome);
    write(resultLine(outcome));
  } catch (error) {
    parts.log.error({ err: error, link: tokenMark(token) }, "a link page failed");
    write({ result: "failed", title: "That did not work", text: "The bridge had a fault. Try again.", again: true });
  }
  reply.raw.end();
  return reply;
}

function resultLine(outcome: Outcome): object {
  switch (outcome.kind) {
    case "linked":
      return { result: "linked", address: outcome.address, network: outcome.network };
    case "expired":
      return { result: "failed", ...EXPIRED, again: false };
    case "too-many":
      return { result: "failed", ...TOO_MANY_TRIES, again: false };
    case "failed":
      return {
        result: "failed",
        ...failureWords(outcome.error, outcome.network, outcome.stages.at(-1), outcome.left),
        again: true,
        stageFailed: stageFailed(outcome.error),
      };
  }
}

/** Whether the list of stages tells more than the failure's own words. */
function stageFailed(error: BridgeError): boolean {
  return error.code === "sign-in-failed";
}

function logOutcome(parts: LinkParts, token: Secret, outcome: Outcome): void {
  const link = tokenMark(token);
  if (outcome.kind !== "failed") {
    parts.log.info({ link, outcome: outcome.kind }, "link page");
    return;
  }
  const { error, stages, left } = outcome;
  const detail = { link, outcome: error.code, stage: error.context.stage ?? stages.at(-1), left };
  parts.log.info(error.code === "internal" ? { ...detail, err: error } : detail, "link page");
}
