/**
 * Posting as a resident what they said at another place: by the operator's second registration, which may act for the
 * people of this server, or by an access token that the resident has given. What neither can do is left to the ghost of
 * the resident's own account (own-ghost.ts).
 */
import type { Logger } from "pino";
import { BridgeError } from "../../bridge/errors.ts";
import { type HomeName, type MessageId, type ResidentId, residentId, residentParts } from "../../bridge/model.ts";
import type { PuppetAccess } from "../../bridge/ports/home.ts";
import type { SecretStore } from "../../bridge/ports/store.ts";
import { RecentMap } from "../../bridge/recent.ts";
import type { Secret } from "../../bridge/secret.ts";
import { ECHO } from "../convert/echo.ts";
import type { EventHead } from "../convert/event.ts";
import { DEVICE, isUnknownDevice } from "../ghosts.ts";
import type { Call, HomeserverClient } from "../http/client.ts";
import { isRefusal, MatrixRefusal, toBridgeError } from "../http/errors.ts";
import type { PuppetRegistration } from "../registration.ts";
import { eventId, sendPath, transactionId } from "../sender.ts";
import { Echoes } from "./echoes.ts";

export interface DoublePuppetsOptions {
  readonly home: HomeName;
  readonly client: HomeserverClient;
  readonly secrets: SecretStore;
  readonly operator: PuppetRegistration | undefined;
  /** Makes the marks by which echoes are known. */
  readonly secret: Secret;
  /** Tells a resident that the access they gave works no longer. */
  readonly lost: (resident: ResidentId) => Promise<void>;
  readonly log: Logger;
}

export interface OwnPost {
  readonly room: string;
  readonly mxid: string;
  readonly type: string;
  readonly content: object;
  readonly key: string;
  /** Unix ms when it was said; only an operator's registration may say so. */
  readonly at: number;
}

/** A right to speak as somebody. */
interface Access {
  readonly kind: Exclude<PuppetAccess, "none">;
  readonly token: Secret;
}

/** Name of the secret in the store. */
const TOKEN = "matrix.token";
const SENDABLE = /^[\x21-\x7e]+$/;
const NOT_KNOWN = "it does not know this access token";
const REMEMBERED = 10_000;
const WHOAMI = "/_matrix/client/v3/account/whoami";

export class DoublePuppets {
  readonly #o: DoublePuppetsOptions;
  /** Residents whose device for sending is there, or cannot be. */
  readonly #devices = new RecentMap<string, boolean>(REMEMBERED);
  readonly #echoes: Echoes;
  /** Residents for whom the operator's registration was refused, so that it is said once. */
  readonly #refused = new RecentMap<string, true>(REMEMBERED);
  /** Residents whose token cannot be opened, so that it is logged once. */
  readonly #unreadable = new RecentMap<string, true>(REMEMBERED);

  constructor(options: DoublePuppetsOptions) {
    this.#o = options;
    this.#echoes = new Echoes(options.secret);
  }

  /** Whether an event is one that was posted here as its sender. */
  isEcho(head: EventHead): boolean {
    return this.#echoes.isEcho(head);
  }

  /** The best way to speak as a resident that there is. @throws BridgeError `store-down`. */
  async access(resident: ResidentId): Promise<PuppetAccess> {
    const [best] = await this.#accesses(resident);
    return best?.kind ?? "none";
  }

  /** @throws BridgeError `puppet-refused` unless the token is the resident's own and works; `home-down`. */
  async give(resident: ResidentId, token: Secret): Promise<void> {
    const { id: mxid } = residentParts(resident);
    // What no header can carry is none; asking with it would look as if the homeserver were silent.
    if (!SENDABLE.test(token.open())) throw new BridgeError("puppet-refused", { detail: NOT_KNOWN });
    let owner: unknown;
    try {
      owner = (await this.#o.client.call({ name: "whoami", method: "GET", path: WHOAMI, token })).user_id;
    } catch (error) {
      if (!isNo(error)) throw toBridgeError(error);
      throw new BridgeError("puppet-refused", { detail: NOT_KNOWN }, { cause: error });
    }
    if (owner !== mxid) throw new BridgeError("puppet-refused", { detail: `this access token is not one of ${mxid}` });
    await this.#o.secrets.keepSecret(resident, TOKEN, token);
  }

  async drop(resident: ResidentId): Promise<void> {
    await this.#o.secrets.dropSecret(resident, TOKEN);
  }

  /**
   * Posts as the resident; `undefined` when nobody has given leave, or the homeserver does not let it happen. A repeat with
   * the same key is the same event. @throws MatrixRefusal (429, 5xx), HomeserverSilent, BridgeError `store-down`.
   */
  async post(post: OwnPost): Promise<MessageId | undefined> {
    const resident = residentId(this.#o.home, post.mxid);
    for (const access of await this.#accesses(resident)) {
      try {
        return await this.#postBy(access, post);
      } catch (error) {
        if (!isNo(error)) throw error;
        await this.#gone(access, resident, error);
      }
    }
    return undefined;
  }

  async #accesses(resident: ResidentId): Promise<Access[]> {
    const { id: mxid } = residentParts(resident);
    const { operator } = this.#o;
    const all: Access[] = operator?.covers(mxid) ? [{ kind: "operator", token: operator.asToken }] : [];
    const token = await this.#token(resident);
    if (token) all.push({ kind: "resident", token });
    return all;
  }

  /** What the resident gave; one that cannot be opened (its sealing key is gone) is none. @throws BridgeError `store-down`. */
  async #token(resident: ResidentId): Promise<Secret | undefined> {
    try {
      return await this.#o.secrets.secret(resident, TOKEN);
    } catch (error) {
      if (!(error instanceof BridgeError) || error.code !== "internal") throw error;
      if (this.#unreadable.get(resident) === undefined)
        this.#o.log.error(
          { err: error, resident },
          "a resident's access token cannot be opened; they can give it again",
        );
      this.#unreadable.set(resident, true);
      return undefined;
    }
  }

  /** The person may be only invited yet: having spoken there, they are in the room. */
  async #postBy(access: Access, post: OwnPost): Promise<MessageId> {
    try {
      return await this.#send(access, post);
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN")) throw error;
      const path = `/_matrix/client/v3/rooms/${encodeURIComponent(post.room)}/join`;
      await this.#o.client.call({ name: "join", method: "POST", path, ...actor(access, post.mxid) });
      return await this.#send(access, post);
    }
  }

  #send(access: Access, post: OwnPost): Promise<MessageId> {
    const { room, mxid, key } = post;
    return this.#echoes.send(room, mxid, transactionId(key), (mark) => this.#put(access, post, mark));
  }

  async #put(access: Access, post: OwnPost, mark: string): Promise<MessageId> {
    const { room, mxid, type, key, at } = post;
    const call: Call = {
      name: "send-as-resident",
      method: "PUT",
      path: sendPath(room, type, key),
      body: { ...post.content, [ECHO]: mark },
      ...actor(access, mxid),
    };
    if (access.kind === "resident") return eventId((await this.#o.client.call(call)).event_id);
    const dated = { ...call, query: `&ts=${Math.max(0, Math.trunc(at))}` };
    if (this.#devices.get(mxid) === false) return eventId((await this.#o.client.call(dated)).event_id);
    try {
      return eventId((await this.#o.client.call({ ...dated, device: DEVICE })).event_id);
    } catch (error) {
      if (!isUnknownDevice(error)) throw error;
      // Why a device: see ghosts.ts. Without one a repeat is known for the half hour that Synapse remembers it.
      const device = await this.#makeDevice(access, mxid);
      return eventId((await this.#o.client.call(device ? { ...dated, device: DEVICE } : dated)).event_id);
    }
  }

  async #makeDevice(access: Access, mxid: string): Promise<boolean> {
    const path = `/_matrix/client/v3/devices/${DEVICE}`;
    const body = { display_name: "msnbridge (your words from other places)" };
    try {
      await this.#o.client.call({ name: "device", method: "PUT", path, body, ...actor(access, mxid) });
      this.#devices.set(mxid, true);
    } catch (error) {
      if (!isNo(error)) throw error;
      this.#devices.set(mxid, false);
    }
    return this.#devices.get(mxid) === true;
  }

  /** This way is closed: for good when the token is dead, for this message otherwise. */
  async #gone({ kind, token }: Access, resident: ResidentId, error: MatrixRefusal): Promise<void> {
    const { log, secrets, lost } = this.#o;
    if (kind === "operator") {
      if (this.#refused.get(resident)) return;
      this.#refused.set(resident, true);
      log.warn({ err: error, resident }, "the registration for double puppeting was refused; the owner's ghost speaks");
      return;
    }
    if (error.errcode !== "M_UNKNOWN_TOKEN" && error.errcode !== "M_MISSING_TOKEN") {
      log.info({ err: error, resident }, "a resident's own access was refused for a message; the owner's ghost speaks");
      return;
    }
    // Another one may have been given meanwhile.
    const now = await secrets.secret(resident, TOKEN);
    if (now?.open() !== token.open()) return;
    await secrets.dropSecret(resident, TOKEN);
    await lost(resident).catch((failure: unknown) => log.debug({ err: failure }, "a lost access could not be told"));
  }
}

/** Whether the homeserver has said no, and not only that it cannot answer now (or a proxy in front of it). */
function isNo(error: unknown): error is MatrixRefusal {
  return error instanceof MatrixRefusal && error.status < 500 && error.status !== 429 && error.errcode !== "";
}

function actor(access: Access, mxid: string): Pick<Call, "as" | "token"> {
  return access.kind === "operator" ? { token: access.token, as: mxid } : { token: access.token };
}
