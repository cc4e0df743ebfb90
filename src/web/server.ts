/** The bridge's web server: link pages for people; health and figures for machines. */
import type { AddressInfo } from "node:net";
import fastifyCookie from "@fastify/cookie";
import fastifyFormbody from "@fastify/formbody";
import fastifyHelmet from "@fastify/helmet";
import Fastify, { type FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { asBridgeError } from "../bridge/errors.ts";
import type { Meter } from "../bridge/metrics.ts";
import type { DoublePuppeting } from "../bridge/ports/home.ts";
import type { LinkDesk, Linker, Readiness } from "../bridge/ports/linking.ts";
import type { LinkTicketStore } from "../bridge/ports/store.ts";
import { Secret } from "../bridge/secret.ts";
import { serveAssets } from "./assets.ts";
import { serveHealth, serveMetrics } from "./health.ts";
import { sendFault, serveLinkPages } from "./link.ts";
import { createMeter, createRegistry } from "./meter.ts";
import { servePuppetPages } from "./puppet.ts";
import { createRateLimiter } from "./rate.ts";
import { createDesk, tokenMark } from "./token.ts";

interface Bind {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface WebOptions {
  readonly bind: Bind;
  /** How people reach the pages; undefined: at the address that is listened on. */
  readonly publicUrl?: string;
  /** Where `/metrics` is served; undefined: nowhere; the same as `bind`: on that listener. */
  readonly metricsBind?: Bind;
  /** Reverse proxies whose X-Forwarded-For is believed; none unless told. */
  readonly trustProxy?: readonly string[];
  readonly tickets: LinkTicketStore;
  readonly linker: Linker;
  /** Takes access tokens of residents; without it there is no page for them. */
  readonly puppets?: Pick<DoublePuppeting, "givePuppet">;
  /** May take as long as it likes; `/ready` gives up after 5 s. */
  readonly readiness: () => Promise<Readiness>;
  /** Figures are declared in it; a new one with the process's own figures unless given. */
  readonly metrics?: Registry;
  /** Made on `metrics` before, when others need it earlier than the server; a new one unless given. */
  readonly meter?: Meter;
  readonly log: Logger;
  readonly linkMinutes?: number;
  readonly linkTries?: number;
  readonly requestsPerMinute?: number;
}

export interface Web {
  /** Starts to listen; the addresses are without a slash at the end. @throws when a port is taken. */
  listen(): Promise<{ url: string; metricsUrl: string | undefined }>;
  /** Ends sign-ins that are under way and all connections. */
  close(): Promise<void>;
  /** Works once {@link listen} has resolved, or at once when there is a `publicUrl`. */
  readonly desk: LinkDesk;
  readonly meter: Meter;
}

const BODY_LIMIT_BYTES = 16_384;

export async function createWeb(options: WebOptions): Promise<Web> {
  const closing = new AbortController();
  const registry = options.metrics ?? createRegistry();
  const meter = options.meter ?? createMeter(registry);
  const linkMinutes = options.linkMinutes ?? 10;
  let bound: string | undefined;
  const address = (): string => {
    const url = options.publicUrl ?? bound;
    if (url === undefined) throw new Error("the web server does not listen yet and has no public address");
    return url.replace(/\/+$/, "");
  };

  const main = newServer(options);
  await protect(main, options.publicUrl?.startsWith("https:") ?? false);
  const assets = serveAssets(main);
  const frame = () => ({ base: new URL(address()).pathname.replace(/\/$/, ""), assets });
  serveHealth(main, options.readiness);
  const parts = {
    tickets: options.tickets,
    maxTries: options.linkTries ?? 5,
    byAddress: createRateLimiter(options.requestsPerMinute ?? 60),
    linkMinutes,
    frame,
    address,
    log: options.log,
  };
  serveLinkPages(main, { ...parts, linker: options.linker, closing: closing.signal });
  if (options.puppets) servePuppetPages(main, { ...parts, puppets: options.puppets });
  answerFaults(main, options.log, frame);
  const separate = options.metricsBind !== undefined && !sameBind(options.metricsBind, options.bind);
  if (options.metricsBind !== undefined && !separate) serveMetrics(main, registry);
  const side = separate ? sideServer(options, registry) : undefined;

  return {
    meter,
    desk: createDesk(options.tickets, linkMinutes, address),
    async listen() {
      bound = await listenAt(main, options.bind);
      if (options.metricsBind === undefined) return { url: bound, metricsUrl: undefined };
      return { url: bound, metricsUrl: side === undefined ? bound : await listenAt(side, options.metricsBind) };
    },
    async close() {
      closing.abort();
      await Promise.all([main.close(), side?.close()]);
    },
  };
}

function sameBind(a: Bind, b: Bind): boolean {
  return a.host === b.host && a.port === b.port && a.port !== 0;
}

function newServer(options: WebOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: 20_000,
    forceCloseConnections: true,
    trustProxy: options.trustProxy === undefined ? false : [...options.trustProxy],
    routerOptions: { maxParamLength: 2_000 },
  });
  app.addHook("onResponse", async (request, reply) => {
    const { token } = (request.params ?? {}) as { token?: string };
    const entry = {
      method: request.method,
      // The route's pattern, never the path: a path may hold a token.
      route: request.routeOptions.url ?? "none",
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      ...(token === undefined ? {} : { link: tokenMark(new Secret(token)) }),
    };
    options.log[token === undefined ? "debug" : "info"](entry, "web request");
  });
  return app;
}

/** A listener of its own for machines: figures and health, nothing else. */
function sideServer(options: WebOptions, registry: Registry): FastifyInstance {
  const app = newServer(options);
  serveHealth(app, options.readiness);
  serveMetrics(app, registry);
  return app;
}

async function protect(app: FastifyInstance, https: boolean): Promise<void> {
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        connectSrc: ["'self'"],
        imgSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    frameguard: { action: "deny" },
    referrerPolicy: { policy: "no-referrer" },
    hsts: https ? { maxAge: 31_536_000, includeSubDomains: false } : false,
  });
  await app.register(fastifyCookie);
  await app.register(fastifyFormbody, { bodyLimit: BODY_LIMIT_BYTES });
  app.addHook("onRequest", async (_request, reply) => {
    reply.header("cache-control", "no-store");
    reply.header("x-robots-tag", "noindex, nofollow");
    reply.header("permissions-policy", "camera=(), geolocation=(), microphone=()");
  });
}

function answerFaults(
  app: FastifyInstance,
  log: Logger,
  frame: () => { base: string; assets: ReturnType<typeof serveAssets> },
): void {
  app.setNotFoundHandler((request, reply) =>
    sendFault(request, reply, frame(), 404, {
      title: "There is nothing here",
      text: "To link an MSN account, say “link” to the bridge bot in your chat; it answers with a page for you.",
    }),
  );
  app.setErrorHandler((error, request, reply) => {
    const status = (error as { statusCode?: number }).statusCode;
    if (status !== undefined && status >= 400 && status < 500) {
      const title = status === 413 ? "That was too much" : "That was not understood";
      return sendFault(request, reply, frame(), status, { title, text: "Open the link again from your chat." });
    }
    const known = asBridgeError(error);
    log.error({ err: error, route: request.routeOptions.url }, "a web request failed");
    return sendFault(request, reply, frame(), known.http, { title: "That did not work", text: known.person });
  });
}

async function listenAt(app: FastifyInstance, bind: Bind): Promise<string> {
  await app.listen({ host: bind.host, port: bind.port });
  const { port } = app.server.address() as AddressInfo;
  const host = bind.host.includes(":") ? `[${bind.host}]` : bind.host;
  return `http://${host}:${port}`;
}
