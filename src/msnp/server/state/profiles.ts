/** Pictures that are kept in all; the oldest goes first. */
const MAX_TILES = 1000;
/** Longest picture in bytes. */
const MAX_TILE_BYTES = 128 * 1024;

/** Longest name or message in characters. */
export const MAX_ROAMING = 4096;

/** A value of the roaming profile and when it was set, in milliseconds since 1970. */
export interface Roaming {
  readonly text: string;
  readonly at: number;
}

export interface UserTile {
  readonly type: "image/gif" | "image/jpeg" | "image/png";
  readonly data: Buffer;
}

export interface RoamingProfile {
  readonly name?: Roaming;
  readonly message?: Roaming;
}

/** Roaming profiles and pictures by account id, in memory (source: msnp-chat §5.5). */
export class ProfileStore {
  readonly #profiles = new Map<string, RoamingProfile>();
  readonly #tiles = new Map<string, UserTile>();

  profile(accountId: string): RoamingProfile {
    return this.#profiles.get(accountId) ?? {};
  }

  /** Keeps a name or a message; an empty one counts as none. */
  set(accountId: string, key: keyof RoamingProfile, value: Roaming): void {
    this.#profiles.set(accountId, { ...this.profile(accountId), [key]: value });
  }

  tile(accountId: string): UserTile | undefined {
    return this.#tiles.get(accountId.toLowerCase());
  }

  /** Keeps a picture if it is one by its first bytes, whatever it is said to be; false when it is not, or too large. */
  setTile(accountId: string, data: Buffer): boolean {
    const type = imageType(data);
    if (type === undefined || data.length > MAX_TILE_BYTES) return false;
    this.#tiles.delete(accountId);
    for (const oldest of this.#tiles.keys()) {
      if (this.#tiles.size < MAX_TILES) break;
      this.#tiles.delete(oldest);
    }
    this.#tiles.set(accountId, { type, data });
    return true;
  }
}

function imageType(data: Buffer): UserTile["type"] | undefined {
  const head = data.toString("latin1", 0, 8);
  if (head.startsWith("GIF87a") || head.startsWith("GIF89a")) return "image/gif";
  if (head.startsWith("\xff\xd8")) return "image/jpeg";
  if (head === "\x89PNG\r\n\x1a\n") return "image/png";
  return undefined;
}
