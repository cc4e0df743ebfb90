/**
 * How a ghost is spelled on XMPP: the address, escaped by XEP-0106, at the component's domain, e.g.
 * `anna\40example.com@msn.example.org`.
 *
 * - That is a contact of the main network. A contact of another one has its name behind a `%`:
 *   `anna\40example.com%crosstalk@msn.example.org`.
 * - An address that itself ends like that (`anna@example.com%crosstalk`) has its network's name behind it whichever it is,
 *   so that no two ghosts share a JID.
 * - Only the spelling that {@link GhostJids.jid} makes is read back.
 */
import { BridgeError } from "../../bridge/errors.ts";
import {
  type GhostRef,
  type NetworkName,
  parseContactAddress,
  type ResidentId,
  type RoomId,
  residentParts,
  roomId,
} from "../../bridge/model.ts";
import { type BareJid, bare, domainOf, escapeNode, type Jid, jidParts, parseBareJid, unescapeNode } from "../jid.ts";

/** RFC 7622. */
const NODE_BYTES = 1023;

/** The naming rules of one installation. Pure. */
export class GhostJids {
  /** The gateway itself. */
  readonly gateway: BareJid;
  readonly #networks: readonly NetworkName[];

  /** `networks`: the main one first. @throws BridgeError `bad-input` when the domain is no domain. */
  constructor(domain: string, networks: readonly NetworkName[]) {
    this.gateway = parseBareJid(domain);
    if (jidParts(this.gateway as string as Jid).node !== undefined)
      throw new BridgeError("bad-input", { detail: `"${domain}" is not a domain` });
    this.#networks = networks;
  }

  /** @throws BridgeError `bad-address` when the address is too long to be a JID. */
  jid({ network, contact }: GhostRef): BareJid {
    const plain = escapeNode(contact);
    const isPlain = network === this.#networks[0] && this.#suffix(plain) === undefined;
    const node = isPlain ? plain : `${plain}%${network}`;
    if (node.length > NODE_BYTES) throw new BridgeError("bad-address", { address: contact });
    return `${node}@${this.gateway}` as BareJid;
  }

  /** The ghost behind a JID; `undefined` for anyone else, and for a JID of our domain that we would never make. */
  parse(jid: Jid | BareJid): GhostRef | undefined {
    const { node, domain } = jidParts(jid as Jid);
    if (domain !== this.gateway || node === undefined) return undefined;
    const suffix = this.#suffix(node);
    const network = suffix ?? this.#networks[0];
    const address = unescapeNode(suffix === undefined ? node : node.slice(0, -suffix.length - 1));
    if (network === undefined || address === undefined) return undefined;
    try {
      const ghost = { network, contact: parseContactAddress(address) };
      return this.jid(ghost) === bare(jid as Jid) ? ghost : undefined;
    } catch {
      return undefined;
    }
  }

  /** Whether an address lies in our domain, sensible or not. */
  owns(jid: Jid): boolean {
    return domainOf(jid) === this.gateway;
  }

  /** The network that a node names behind its last `%`. */
  #suffix(node: string): NetworkName | undefined {
    const name = node.slice(node.lastIndexOf("%") + 1);
    return node.includes("%") ? this.#networks.find((network) => network === name) : undefined;
  }

  /** The room of a chat: whose it is and with whom; the gateway's own is the one for commands. */
  room(us: BareJid, resident: BareJid): RoomId {
    return roomId(`${us} ${resident}`);
  }
}

/** Who is in a room; `undefined` for a room that is none of this home's. */
export function roomParts(room: RoomId): { us: BareJid; resident: BareJid } | undefined {
  const [us, resident, more] = room.split(" ");
  if (!us || !resident || more !== undefined) return undefined;
  return { us: us as BareJid, resident: resident as BareJid };
}

/** The person's address. */
export function residentJid(resident: ResidentId): BareJid {
  return residentParts(resident).id as BareJid;
}
