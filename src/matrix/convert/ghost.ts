/**
 * How a ghost is spelled on Matrix: `@<prefix><network>_<address>:<domain>`, e.g.
 * `@_msn_escargot_anna=40example.com:example.org`.
 *
 * - One network name has no `_`, so the first one after the prefix ends it: two networks can never collide.
 * - In the address `a-z 0-9 . - _` stand for themselves, every other byte of its UTF-8 form is `=` and two lower-case hex
 *   digits (`@` is `=40`, `+` is `=2b`, `=` is `=3d`), which is the mapping the Matrix specification recommends.
 * - Only the spelling that {@link ghostLocalpart} makes is read back: `=2E` or `=61` name nobody.
 * - A person of another home who speaks in a group is a **guest**: `@<prefix>.<home>_<id>:<domain>`. No network name has a
 *   dot, so a guest is nobody's contact, and nobody can ask them into a chat.
 */
import { createHash } from "node:crypto";
import { BridgeError } from "../../bridge/errors.ts";
import {
  type ContactAddress,
  type GhostRef,
  type HomeName,
  type NetworkName,
  parseContactAddress,
  parseHomeName,
  parseNetworkName,
  type ResidentId,
  residentParts,
} from "../../bridge/model.ts";

/** Matrix: a user id has at most 255 bytes, with `@`, `:` and the server's name. */
const MXID_BYTES = 255;
const PLAIN = /^[a-z0-9._-]$/;
/** The hash of a guest's long id; `=x` is no escape. */
const HASHED = /^=x[0-9a-f]{32}$/;

function escapeAddress(address: string): string {
  let out = "";
  for (const byte of Buffer.from(address, "utf8")) {
    const char = String.fromCharCode(byte);
    out += byte < 0x80 && PLAIN.test(char) ? char : `=${byte.toString(16).padStart(2, "0")}`;
  }
  return out;
}

function unescapeAddress(text: string): string | undefined {
  if (!/^(?:[a-z0-9._-]|=[0-9a-f]{2})+$/.test(text)) return undefined;
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "=") {
      bytes.push(Number.parseInt(text.slice(i + 1, i + 3), 16));
      i += 2;
    } else {
      bytes.push(text.charCodeAt(i));
    }
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}

/** The naming rules of one installation. Pure. */
export class GhostNames {
  readonly prefix: string;
  readonly domain: string;
  readonly #head: string;
  readonly #tail: string;

  constructor(prefix: string, domain: string) {
    this.prefix = prefix;
    this.domain = domain;
    this.#head = `@${prefix}`;
    this.#tail = `:${domain}`;
  }

  /**
   * The ghost's Matrix id.
   * @throws BridgeError `bad-address` when the id would be longer than Matrix allows (long addresses outside ASCII).
   */
  mxid(ghost: GhostRef): string {
    const id = this.#spell(ghost);
    if (id.length > MXID_BYTES) throw new BridgeError("bad-address", { address: ghost.contact });
    return id;
  }

  /** Whether {@link GhostNames.mxid} has an id for this one. */
  isSpellable(ghost: GhostRef): boolean {
    return this.#spell(ghost).length <= MXID_BYTES;
  }

  /**
   * The user that stands for a person of another home, for use where a ghost is. An id that is too long for Matrix is told
   * by its hash, which begins with what no escaped id does.
   */
  guest(resident: ResidentId): GhostRef {
    const { home, id } = residentParts(resident);
    const network = `.${home}` as NetworkName;
    const guest = { network, contact: id.toLowerCase() as ContactAddress };
    if (this.isSpellable(guest)) return guest;
    const hash = createHash("sha256").update(id).digest("hex").slice(0, 32);
    return { network, contact: `=x${hash}` as ContactAddress };
  }

  /** The home of a guest; `undefined` for every other id. */
  guestHome(mxid: string): HomeName | undefined {
    if (!this.owns(mxid)) return undefined;
    const [, home] = /^\.([^_]+)_/.exec(mxid.slice(this.#head.length)) ?? [];
    try {
      return home === undefined ? undefined : parseHomeName(home);
    } catch {
      return undefined;
    }
  }

  #spell({ network, contact }: GhostRef): string {
    const escaped = network.startsWith(".") && HASHED.test(contact) ? contact : escapeAddress(contact);
    return `${this.#head}${network}_${escaped}${this.#tail}`;
  }

  /** The ghost behind a Matrix id; `undefined` for anyone else, and for an id in our namespace that we would never make. */
  parse(mxid: string): GhostRef | undefined {
    if (!this.owns(mxid) || mxid.length > MXID_BYTES) return undefined;
    const local = mxid.slice(this.#head.length, -this.#tail.length);
    const split = local.indexOf("_");
    if (split < 1) return undefined;
    const address = unescapeAddress(local.slice(split + 1));
    if (address === undefined) return undefined;
    try {
      const ghost = { network: parseNetworkName(local.slice(0, split)), contact: parseContactAddress(address) };
      return this.mxid(ghost) === mxid ? ghost : undefined;
    } catch {
      return undefined;
    }
  }

  /** Whether an id lies in the bridge's own namespace, sensible or not. */
  owns(mxid: string): boolean {
    return mxid.startsWith(this.#head) && mxid.endsWith(this.#tail);
  }
}
