import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import { link, open, readFile, stat, unlink } from "node:fs/promises";
import { BridgeError } from "../bridge/errors.ts";
import { Secret } from "../bridge/secret.ts";
import { StoreSetupError } from "./setup-error.ts";

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const MAX_KEY_NUMBER = 255;

/**
 * Keys that seal passwords: AES-256-GCM with a random IV, the number of the key in front and the account as associated
 * data, so that a row moved to another account does not open (source: stack E2 "Passwords at rest"). New seals use the
 * key with the highest number; the others only open what they once sealed.
 */
export class SealingKeys {
  readonly #keys: ReadonlyMap<number, KeyObject>;
  readonly #newest: number;

  /** @throws StoreSetupError when there is no key. */
  constructor(keys: ReadonlyMap<number, Buffer>) {
    if (keys.size === 0) throw new StoreSetupError("There is no sealing key.", "Put at least one key in the key file.");
    // Bytes would be made into such a key for each seal, which takes longer than the sealing.
    this.#keys = new Map([...keys].map(([number, bytes]) => [number, createSecretKey(bytes)]));
    this.#newest = Math.max(...keys.keys());
  }

  /** One byte key number, IV, tag and cipher text, in base64url. */
  seal(secret: Secret, account: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key(this.#newest), iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(account));
    const text = Buffer.concat([cipher.update(secret.open(), "utf8"), cipher.final()]);
    return Buffer.concat([Buffer.of(this.#newest), iv, cipher.getAuthTag(), text]).toString("base64url");
  }

  /** @throws BridgeError `internal` when no key fits or the row belongs to another account. */
  open(sealed: string, account: string): Secret {
    const row = Buffer.from(sealed, "base64url");
    const number = row[0];
    if (number === undefined || row.length < 1 + IV_BYTES + TAG_BYTES) throw unreadable("it is cut short");
    const key = this.#key(number);
    const iv = row.subarray(1, 1 + IV_BYTES);
    const cipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(account));
    cipher.setAuthTag(row.subarray(1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES));
    try {
      const text = Buffer.concat([cipher.update(row.subarray(1 + IV_BYTES + TAG_BYTES)), cipher.final()]);
      return new Secret(text.toString("utf8"));
    } catch (error) {
      throw unreadable(`key ${number} does not fit`, error);
    }
  }

  /** Whether a row was sealed with the newest key. */
  isCurrent(sealed: string): boolean {
    return Buffer.from(sealed, "base64url")[0] === this.#newest;
  }

  #key(number: number): KeyObject {
    const key = this.#keys.get(number);
    if (!key) throw unreadable(`sealing key ${number} is missing`);
    return key;
  }
}

function unreadable(why: string, cause?: unknown): BridgeError {
  return new BridgeError("internal", { detail: `a stored password cannot be opened: ${why}` }, { cause });
}

export interface SealingKeySource {
  /** A file with one key per line (see {@link parseSealingKeys}). Made, with one new key and mode 0600, when it is missing. */
  readonly file?: string;
  /** The keys themselves, e.g. from the environment; goes before the file. */
  readonly text?: Secret;
}

/**
 * The keys from the environment or from the key file.
 * @throws StoreSetupError when a key is malformed, or the file can be read by others.
 */
export async function loadSealingKeys(source: SealingKeySource): Promise<SealingKeys> {
  if (source.text !== undefined) return parseSealingKeys(source.text.open(), "the environment");
  const { file } = source;
  if (file === undefined) throw new StoreSetupError("There is no sealing key.", "Name a key file in the config.");
  await createKeyFile(file);
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0)
    throw new StoreSetupError(`The key file ${file} can be read by others.`, `Run: chmod 600 ${file}`);
  return parseSealingKeys(await readFile(file, "utf8"), file);
}

/**
 * Keys of 32 bytes in base64 or hex, one per line (or separated by commas), each with its number in front: `2:3f…`.
 * A lone key without a number is number 1. To rotate, add a line with the next number and keep the old ones.
 * @throws StoreSetupError
 */
export function parseSealingKeys(text: string, from: string): SealingKeys {
  const keys = new Map<number, Buffer>();
  const lines = text
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"))
    .flatMap((line) => line.split(","))
    .map((line) => line.trim())
    .filter((line) => line !== "");
  for (const [i, line] of lines.entries()) {
    const [, number = "1", value = ""] = /^(?:(\d{1,3}):)?(\S+)$/.exec(line) ?? [];
    const key = decodeKey(value);
    const n = Number(number);
    // The text of a key never goes into an error: only where it stands.
    if (!key || n < 1 || n > MAX_KEY_NUMBER)
      throw new StoreSetupError(
        `Key ${i + 1} in ${from} is not a sealing key.`,
        "A key is its number, a colon, and 32 bytes in base64 or hex; make one with: openssl rand -base64 32",
      );
    if (keys.has(n)) throw new StoreSetupError(`There are two keys with number ${n} in ${from}.`, "Number them apart.");
    keys.set(n, key);
  }
  return new SealingKeys(keys);
}

function decodeKey(text: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
  if (!/^[\w+/-]{43}=?$/.test(text)) return undefined;
  const key = Buffer.from(text, "base64");
  return key.length === KEY_BYTES ? key : undefined;
}

/** Makes a key file with mode 0600 unless there is one. Two programs that do so at once end up with the same key. */
async function createKeyFile(file: string): Promise<void> {
  try {
    await stat(file);
    return;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  const draft = `${file}.${process.pid}.${randomBytes(6).toString("hex")}`;
  const handle = await open(draft, "wx", 0o600);
  try {
    const key = randomBytes(KEY_BYTES).toString("base64");
    await handle.writeFile(`# Opens the stored MSN passwords. Keep it secret, and keep a copy.\n1:${key}\n`);
    await handle.sync();
    await link(draft, file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  } finally {
    await handle.close();
    await unlink(draft);
  }
}
