import { readFile } from "node:fs/promises";
import { flushCompileCache } from "node:module";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Logger } from "pino";
import { Bridge } from "../bridge/bridge.ts";
import { BridgeError } from "../bridge/errors.ts";
import type { Meter } from "../bridge/metrics.ts";
import { accountParts, type ResidentId, residentParts } from "../bridge/model.ts";
import type { LinkDesk, Linker } from "../bridge/ports/linking.ts";
import type { Network } from "../bridge/ports/network.ts";
import type { Store } from "../bridge/ports/store.ts";
import type { Loaded } from "../config/load.ts";
import { createLogger } from "../config/logger.ts";
import type { NetworkProfile } from "../config/network.ts";
import { isAdmin, isRelay, mayLink, mayLinkByJid } from "../config/permissions.ts";
import { hasMatrix, type MatrixConfig } from "../config/schema.ts";
import {
  createMatrixHome,
  MATRIX,
  type MatrixHome,
  type PuppetRegistration,
  parsePuppetRegistration,
  type Registration,
} from "../matrix/index.ts";
import { createMsnNetwork } from "../msn/network.ts";
import { createMeter, createRegistry } from "../web/meter.ts";
import { createWeb, type Web } from "../web/server.ts";
import { createXmppClientHome, createXmppHome, XMPP, type XmppClientHome, type XmppHome } from "../xmpp/index.ts";
import { giveMemoryBack } from "./give-back.ts";
import { loadRegistration, openData } from "./installation.ts";
import { clientSettings } from "./network-settings.ts";
import { version } from "./version.ts";
import { accountOf, relaysOf } from "./xmpp-account.ts";

/** A lease outlives a pause of the process by this much; a killed bridge takes its own back at once. */
const LEASE_MS = 15_000;
const RECONNECT = { baseMs: 2000, capMs: 300_000 };
/** Lane entries in hand at once per direction: enough to keep a homeserver busy, few enough to keep memory flat. */
const CONCURRENCY = 128;
/** The longest an orderly end may take; after it the process ends all the same, losing nothing that was accepted. */
const STOP_MS = 12_000;

/**
 * `msnbridge run`: serves until SIGTERM or SIGINT.
 * @returns the exit code: 0 after an orderly end
 * @throws StoreSetupError, BridgeError or Error when it cannot start; nothing is left running then
 */
export async function run(loaded: Loaded): Promise<number> {
  const { config } = loaded;
  const log = createLogger(config.logging.level);
  for (const warning of loaded.warnings) log.warn(warning);
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse())
      await closer().catch((error: unknown) => log.warn({ err: error }, "not ended cleanly"));
  };
  const stopped = stopSignal();
  try {
    // A signal during the start is heard too: what has been started by then is ended in order.
    await serve(loaded, log, closers);
    log.info("ready");
    // For whoever set NODE_COMPILE_CACHE: else only an orderly end would keep it, and the start after a crash be slow.
    flushCompileCache();
    log.info({ signal: await stopped }, "stopping");
    return await withDeadline(close(), STOP_MS);
  } catch (error) {
    await withDeadline(close(), STOP_MS);
    throw error;
  }
}

async function serve(loaded: Loaded, log: Logger, closers: (() => Promise<unknown>)[]): Promise<void> {
  const { config, profiles } = loaded;
  const registration = hasMatrix(config) ? await loadRegistration(config) : undefined;
  const registry = createRegistry();
  const meter = createMeter(registry);
  const { store, owner } = await openData(loaded, meter, log, closers);
  for (const warning of await store.warnings()) log.warn(warning);
  let web: Web | undefined;
  const desk = (): LinkDesk => {
    if (!web) throw new Error("the web server is not there yet");
    return web.desk;
  };
  const parts = { loaded, store, meter, log };
  const matrix = hasMatrix(config) && registration ? await openMatrix(config, registration, parts) : undefined;
  const xmpp = openXmpp({ ...parts, desk, linker: () => bridge.linker });
  const homes = [matrix, xmpp].filter((home) => home !== undefined);
  const bridge: Bridge = new Bridge({
    store,
    homes,
    networks: profiles.map((profile) => networkOf(profile, config, log)),
    desk,
    owner,
    leaseMs: LEASE_MS,
    signInsPerSecond: signInRate(loaded),
    ownerOffline: config.presence.ownerOffline,
    mayLink: (resident) => {
      const { home: name, id } = residentParts(resident);
      return (name === MATRIX && mayLink(config, id)) || (name === XMPP && mayLinkByJid(config, id));
    },
    isAdmin: (resident) => isAdmin(config, residentParts(resident).id),
    isRelay: (account) => isRelay(config, accountParts(account).address),
    holdMinutes: config.limits.holdMinutes,
    reconnect: RECONNECT,
    concurrency: CONCURRENCY,
    meter,
    log,
  });
  web = await openWeb({ loaded, store, linker: bridge.linker, bridge, homes, matrix, registry, meter, log });
  closers.push(() => web.close());
  const listening = await web.listen();
  log.info(listening, "web server listens");
  closers.push(() => bridge.stop());
  await bridge.start();
  closers.push(measureLoop(meter));
  closers.push(giveMemoryBack(log));
}

interface Parts {
  readonly loaded: Loaded;
  readonly store: Store;
  readonly meter: Meter;
  readonly log: Logger;
}

/** @throws BridgeError `bad-input` when the second registration cannot be used. */
async function openMatrix(config: MatrixConfig, registration: Registration, parts: Parts): Promise<MatrixHome> {
  const doublePuppet = await loadPuppetRegistration(config);
  const { store, meter, log } = parts;
  return createMatrixHome({
    homeserverUrl: config.homeserver.url,
    domain: config.homeserver.domain,
    registration,
    ...(doublePuppet === undefined ? {} : { doublePuppet }),
    bind: config.appservice.bind,
    ghostPrefix: config.appservice.ghostPrefix,
    networks: parts.loaded.profiles.map(({ name }) => name),
    presence: config.presence.matrix,
    spaces: config.matrix.spaces,
    profiles: store,
    secrets: store,
    meter,
    log,
    limits: { maxTransactionBytes: config.appservice.maxTransactionMegabytes * 1024 * 1024 },
  });
}

/** `undefined`: there is no section for it. @throws BridgeError `bad-input` when a file of the account cannot be read. */
function openXmpp(
  parts: Parts & { desk: () => LinkDesk; linker: () => Linker },
): XmppHome | XmppClientHome | undefined {
  const { config, profiles } = parts.loaded;
  const { store, meter, log } = parts;
  const networks = profiles.map((profile) => profile.name);
  const mayLink = (resident: ResidentId): boolean => mayLinkByJid(config, residentParts(resident).id);
  const shared = { networks, mayLink, profiles: store, meter, log };
  if (config.xmpp === undefined) return undefined;
  if (config.xmpp.mode === "client") {
    const { name, personal, mucService } = config.xmpp;
    const [main] = networks;
    return createXmppClientHome({
      ...shared,
      service: accountOf(config.xmpp),
      name,
      personal,
      ...(mucService === undefined ? {} : { mucService }),
      relays: main === undefined ? [] : relaysOf(config.xmpp, main),
    });
  }
  const { host, port, component, secret, domain, name, stayOn, passwordForm, rosterLookSeconds } = config.xmpp;
  return createXmppHome({
    ...shared,
    service: { host, port, domain: component, secret },
    server: domain,
    name,
    version: version(),
    stayOn,
    passwordForm,
    desk: parts.desk,
    linker: parts.linker,
    limits: { rosterLookMs: rosterLookSeconds * 1000 },
  });
}

/** @throws BridgeError `bad-input` when one is named and cannot be used. */
async function loadPuppetRegistration({ matrix }: Loaded["config"]): Promise<PuppetRegistration | undefined> {
  const file = matrix.doublePuppet.registration;
  if (file === undefined) return undefined;
  try {
    return parsePuppetRegistration(await readFile(file, "utf8"));
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    const why = error instanceof Error ? error.message : "unknown";
    throw new BridgeError("bad-input", { detail: `the registration ${file} cannot be read (${why})` });
  }
}

function networkOf(profile: NetworkProfile, { networks, text }: Loaded["config"], log: Logger): Network {
  const { proxy } = networks;
  const settings = clientSettings(profile, proxy === undefined ? {} : { proxy });
  return createMsnNetwork({ ...settings, ...text, name: profile.name, title: profile.title, log });
}

/** The lowest rate that a profile asks for; one bucket per network keeps them apart in Redis. */
function signInRate({ config, profiles }: Loaded): (network: NetworkProfile["name"]) => number {
  const rates = new Map(profiles.map((profile) => [profile.name, profile.limits.signInsPerSecond]));
  return (network) => Math.min(config.limits.signInsPerSecond, rates.get(network) ?? Number.POSITIVE_INFINITY);
}

async function openWeb(o: {
  loaded: Loaded;
  store: Store;
  linker: Linker;
  bridge: Bridge;
  homes: readonly (MatrixHome | XmppHome | XmppClientHome)[];
  matrix: MatrixHome | undefined;
  registry: ReturnType<typeof createRegistry>;
  meter: Meter;
  log: Logger;
}): Promise<Web> {
  const { web, metrics, limits } = o.loaded.config;
  return await createWeb({
    bind: web.bind,
    publicUrl: web.publicUrl,
    ...(metrics.enabled ? { metricsBind: metrics.bind } : {}),
    trustProxy: web.trustProxy,
    tickets: o.store,
    linker: o.linker,
    ...(o.matrix === undefined ? {} : { puppets: o.matrix }),
    readiness: async () => {
      const all = [await o.bridge.readiness(), ...o.homes.map((home) => home.health())];
      return { ready: all.every(({ ready }) => ready), reasons: all.flatMap(({ reasons }) => reasons) };
    },
    metrics: o.registry,
    meter: o.meter,
    log: o.log,
    linkMinutes: limits.linkMinutes,
    linkTries: limits.linkTries,
    requestsPerMinute: limits.webRequestsPerMinute,
  });
}

function measureLoop(meter: Meter): () => Promise<void> {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const timer = setInterval(() => {
    meter.gauge("msnb_loop_lag_seconds", {}, delay.percentile(99) / 1e9);
    delay.reset();
  }, 10_000);
  timer.unref();
  return async () => {
    clearInterval(timer);
    delay.disable();
  };
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => resolve(signal));
  });
}

/** 0 when the work ends in time; 1 when it had to be left. */
async function withDeadline(work: Promise<void>, ms: number): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<number>((resolve) => {
    timer = setTimeout(() => resolve(1), ms);
  });
  const code = await Promise.race([work.then(() => 0), late]);
  clearTimeout(timer);
  return code;
}
