/**
 * `msnbridge rebuild`: with an emptied Redis, chats, groups and contacts are restored from what the bridge has written into the
 * rooms of the homeserver. The bridge must not run meanwhile. What is read is written at the end, in steps that may each be
 * done again.
 */

import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LeaseKeeper } from "../../bridge/leases.ts";
import { noMeter } from "../../bridge/metrics.ts";
import { type HomeName, parseHomeName, SHARD_COUNT, type Shard } from "../../bridge/model.ts";
import type { Rebuilding } from "../../bridge/ports/rebuild.ts";
import type { Store } from "../../bridge/ports/store.ts";
import type { Loaded } from "../../config/load.ts";
import { createLogger } from "../../config/logger.ts";
import { hasMatrix } from "../../config/schema.ts";
import { MATRIX } from "../../matrix/home-name.ts";
import { createMatrixRebuilding } from "../../matrix/rebuild/rebuild.ts";
import { readConfig } from "../config-file.ts";
import { EXIT, Exit, type ExitCode } from "../exit-codes.ts";
import { loadRegistration, openData } from "../installation.ts";
import { restore } from "./restore.ts";

export interface RebuildOptions {
  readonly config?: string;
  readonly dryRun?: true;
  readonly merge?: true;
}

const XMPP: HomeName = parseHomeName("xmpp");
/** As a running bridge has it: whoever is killed while rebuilding keeps others waiting for no longer than that. */
const LEASE_MS = 15_000;
/** In the data folder while a rebuild is under way. */
const UNDER_WAY = "rebuild-under-way";
/** Rooms between two lines of progress. */
const TELL_EVERY = 100;

const log = createLogger("silent");

/**
 * @returns 0 when all that was found is restored, 1 when something was not
 * @throws Exit, ConfigError, StoreSetupError, BridgeError when it cannot be done, or was broken off
 */
export async function rebuild(options: RebuildOptions): Promise<ExitCode> {
  const loaded = readConfig(options.config);
  const closers: (() => Promise<unknown>)[] = [];
  const broken = new Break();
  closers.push(async () => broken.end());
  try {
    const { store, owner } = await openData(loaded, noMeter, log, closers);
    closers.push(await holdAll(store, owner, broken));
    const file = join(loaded.config.data.folder, UNDER_WAY);
    const unfinished = existsSync(file);
    if (options.merge === undefined && !unfinished) await expectEmpty(store);
    const homes = await rebuildings(loaded, store, closers);
    if (options.dryRun === undefined) await writeFile(file, "");
    const report = await restore({
      store,
      homes,
      has: (home) => (home === MATRIX ? hasMatrix(loaded.config) : home === XMPP && canTie(loaded)),
      dryRun: options.dryRun === true,
      unfinished,
      step: (looked, of) => {
        broken.check();
        if (looked !== undefined && looked % TELL_EVERY === 0) console.error(`${looked} of ${of} rooms looked at`);
      },
    });
    if (options.dryRun === undefined) await rm(file, { force: true });
    for (const line of report.lines) console.log(line);
    console.log(["", ...report.summary(), "", ...notFound(loaded)].join("\n"));
    return report.losses === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    for (const closer of closers.reverse()) await closer().catch(() => {});
  }
}

/** Ctrl-C, SIGTERM, or another bridge that takes over. */
class Break {
  #why: string | undefined;
  readonly #stop = (): void => this.now("broken off");

  constructor() {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, this.#stop);
  }

  now(why: string): void {
    this.#why ??= why;
  }

  /** @throws Exit when it is to end. */
  check(): void {
    if (this.#why !== undefined)
      throw new Exit(EXIT.unavailable, `${this.#why}; run it again: what is restored already is left as it is`);
  }

  end(): void {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, this.#stop);
  }
}

/** Holds all shards, as a bridge does that runs alone, so that none works on the store meanwhile. @throws Exit. */
async function holdAll(store: Store, owner: string, broken: Break): Promise<() => Promise<void>> {
  const keeper = new LeaseKeeper({
    store,
    owner,
    ttlMs: LEASE_MS,
    events: { gained: () => {}, lost: () => broken.now("a bridge has begun to work on this Redis") },
    log,
  });
  await keeper.start();
  const held = keeper.shards().length;
  if (held === SHARD_COUNT) return () => keeper.stop();
  await keeper.stop();
  throw new Exit(
    EXIT.unavailable,
    `a bridge works on this Redis (it holds ${SHARD_COUNT - held} of ${SHARD_COUNT} shards). Stop it first; if it was killed, wait ${LEASE_MS / 1000} s.`,
  );
}

/** @throws Exit when there is something that a rebuild could mix with. */
async function expectEmpty(store: Store): Promise<void> {
  const groups = (await store.allGroups()).length;
  let accounts = 0;
  for (let shard = 0; shard < SHARD_COUNT; shard++) accounts += (await store.accountsIn(shard as Shard)).length;
  if (groups + accounts === 0) return;
  throw new Exit(
    EXIT.cannotCreate,
    `Redis is not empty: it has ${accounts} linked account(s) and ${groups} group(s), and the bridge finds their rooms by itself. To add what is missing, and change nothing that is there: msnbridge rebuild --merge`,
  );
}

async function rebuildings(
  { config, profiles }: Loaded,
  store: Store,
  closers: (() => Promise<unknown>)[],
): Promise<Rebuilding[]> {
  if (!hasMatrix(config)) return [];
  const matrix = createMatrixRebuilding({
    homeserverUrl: config.homeserver.url,
    domain: config.homeserver.domain,
    registration: await loadRegistration(config),
    ghostPrefix: config.appservice.ghostPrefix,
    networks: profiles.map(({ name }) => name),
    profiles: store,
    meter: noMeter,
  });
  closers.push(() => matrix.close());
  return [matrix];
}

/** An ordinary account has no rooms of groups. */
function canTie({ config }: Loaded): boolean {
  return config.xmpp?.mode === "component";
}

/** What no rebuild finds, for this config. */
function notFound({ config }: Loaded): string[] {
  const mode = config.xmpp?.mode;
  const lines = [
    "Lost with Redis, and not written anywhere else:",
    "  what waited to be delivered, what could not be delivered, and the status that people had set by a command;",
    ...(hasMatrix(config) ? ["  access to post as people that they gave by `puppet`: they say `puppet` again;"] : []),
    ...(mode === "component"
      ? [
          "  of rooms for groups on the XMPP component: their history, who had which rank, and by which client they were there.",
          "  People are asked in again when their account is linked. Groups without a Matrix room come back under the same address with the next words;",
          "  ties of rooms of other XMPP services to groups without a Matrix room: say `bridge` again.",
        ]
      : []),
    ...(mode === "client"
      ? [
          "  where the rooms of the XMPP account are: each chat goes on in its old room with the contact's next words,",
          "  as long as the account's password is the same; until then nobody hears what is said there.",
        ]
      : []),
  ];
  return mode === "component" ? [...lines, "XMPP chats with contacts need no rebuilding: they are addresses."] : lines;
}
