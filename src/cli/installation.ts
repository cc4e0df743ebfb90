/** What an installation has on disk, opened for the verbs that work with it: its data, and its registration. */
import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { BridgeError } from "../bridge/errors.ts";
import type { Meter } from "../bridge/metrics.ts";
import type { Store } from "../bridge/ports/store.ts";
import type { Loaded } from "../config/load.ts";
import type { MatrixConfig } from "../config/schema.ts";
import { coversGhosts, parseRegistration, type Registration } from "../matrix/registration.ts";
import { FolderLock, loadSealingKeys, openStore, PrivateRedis } from "../store/index.ts";

/** The lock of the data folder, Redis (the operator's or a private one), and the store on it. */
export async function openData(
  { config }: Loaded,
  meter: Meter,
  log: Logger,
  closers: (() => Promise<unknown>)[],
): Promise<{ store: Store; owner: string }> {
  const { folder, sealingKeyFile } = config.data;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = await FolderLock.take(folder);
  closers.push(() => lock.release());
  const keys = await loadSealingKeys({ file: sealingKeyFile });
  const url = config.redis.url?.open();
  if (url !== undefined) {
    const store = await openStore({ url, keys, meter, log });
    closers.push(() => store.close());
    return { store, owner: await instanceId(folder) };
  }
  const redis = await PrivateRedis.start({ folder: join(folder, "redis"), log });
  closers.push(() => redis.close());
  const store = await openStore({ options: redis.options, keys, meter, log });
  closers.push(() => store.close());
  return { store, owner: await instanceId(folder) };
}

/** Names this installation over restarts, so that it takes its own leases back; the folder's lock keeps it unique. */
async function instanceId(folder: string): Promise<string> {
  const file = join(folder, "instance-id");
  try {
    await writeFile(file, `${randomUUID()}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  return (await readFile(file, "utf8")).trim();
}

/** @throws BridgeError `bad-input` when it is not there, is faulty, or claims other ghosts than the config names. */
export async function loadRegistration({ appservice, homeserver }: MatrixConfig): Promise<Registration> {
  const file = appservice.registration;
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown";
    throw new BridgeError("bad-input", {
      detail: `the registration ${file} cannot be read (${why}); make one with: msnbridge registration`,
    });
  }
  const registration = parseRegistration(text);
  if (!coversGhosts(text, appservice.ghostPrefix, homeserver.domain)) {
    const ghosts = `@${appservice.ghostPrefix}…:${homeserver.domain}`;
    throw new BridgeError("bad-input", {
      detail: `the registration ${file} does not claim the ghosts of the config (${ghosts}): the homeserver would refuse every one. Run \`msnbridge registration --update\`, give the homeserver the new file and restart it`,
    });
  }
  return registration;
}
