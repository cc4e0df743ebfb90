import { type Email, type MachineGuid, toEmail } from "../../address.ts";
import { type Capabilities, NO_CAPABILITIES, parseMsnObject } from "../../dialect/lines.ts";
import { type MsnStatus, parseStatus } from "../../dialect/status.ts";
import { MsnpError } from "../../errors.ts";
import { ADDRESS_TYPE, type MultipartAddress } from "../../message/multipart-address.ts";
import { type Core, type Live, updateSelf } from "../core.ts";
import { decodeMedia, encodeMedia, MAX_PSM } from "../personal-message.ts";
import type { PresenceStrategy } from "../presence-kinds.ts";
import type { PersonalMessage } from "../types.ts";
import { encodePublication, type Notification, PRESENCE_STREAM, selfAddress } from "./envelope.ts";
import {
  changedSections,
  decodeUser,
  encodeLeaving,
  encodeUser,
  type UserNews,
  type UserState,
  unite,
} from "./user-document.ts";

const USER_URI = "/user";
const USER_CONTENT = "application/user+xml";
const DEFAULT_ENDPOINT_NAME = "msnbridge";
/** Contacts whose places are told apart. */
const MAX_PLACES = 5000;

/** Who hears of the account's other places. */
export interface OwnPlaces {
  /** `isWhole`: the places that are not named are gone. */
  ownPlaces(news: UserNews, isWhole: boolean): void;
  ownPlacesGone(ids: readonly MachineGuid[]): void;
}

/** Presence in documents: PUT /user of oneself, NFY of others (source: msnp21 §4). */
export class DocumentPresence implements PresenceStrategy {
  readonly #core: Core;
  readonly #places: OwnPlaces;
  /** What the account shows, as far as this place knows. */
  #state: UserState | undefined;
  /** What was published last; undefined when the whole document must go out. */
  #published: UserState | undefined;
  /** Publications without an answer yet. */
  #underWay = 0;
  readonly #endpoints = new Map<Email, Map<MachineGuid, Capabilities>>();

  constructor(core: Core, places: OwnPlaces) {
    this.#core = core;
    this.#places = places;
  }

  clear(): void {
    this.#state = undefined;
    this.#published = undefined;
    this.#underWay = 0;
    this.#endpoints.clear();
  }

  /** The whole document; nobody is shown, and no message taken, before it is there (source: msnp21 §2.4). */
  async goVisible(_core: Core, live: Live): Promise<void> {
    const { options, self } = this.#core;
    const { personalMessage, initialPresence, endpointName = DEFAULT_ENDPOINT_NAME, machineGuid } = options;
    const { documents, capabilities } = live.dialect;
    this.#published = undefined;
    this.#state = {
      status: initialPresence,
      displayName: self.displayName,
      ...said(personalMessage),
      picture: "",
      endpointName,
      machineGuid,
      capabilities,
      peerCapabilities: documents?.peerCapabilities ?? "0:0",
      client: documents?.client ?? "",
    };
    await this.#publish(live, {});
    updateSelf(this.#core, { status: initialPresence });
  }

  async changeStatus(core: Core, live: Live, status: MsnStatus): Promise<void> {
    await this.#publish(live, { status });
    updateSelf(core, { status });
  }

  async changePersonalMessage(_core: Core, live: Live, message: PersonalMessage): Promise<void> {
    await this.#publish(live, said(message));
  }

  async changeDisplayName(core: Core, live: Live, displayName: string): Promise<void> {
    await this.#publish(live, { displayName });
    updateSelf(core, { displayName });
  }

  /** Shows another place of the account the door (source: msnp21 §4.5, T40). Rejects with MsnpError. */
  async signOutPlace(live: Live, id: MachineGuid): Promise<void> {
    await live.ns.request("DEL", [], { payload: this.#payload(live, encodeLeaving(id)) });
  }

  /** Publishes the sections that change; one after the other on the wire, whoever waits (source: msnp21 §4.1, T20). */
  async #publish(live: Live, patch: Partial<UserState>): Promise<void> {
    const before = this.#state;
    if (before === undefined) throw new MsnpError("not-signed-in", "The account is not signed in");
    const after = { ...before, ...patch };
    const sections = this.#published === undefined ? undefined : changedSections(this.#published, after);
    if (sections?.length === 0) return;
    this.#state = after;
    this.#published = after;
    this.#underWay += 1;
    const payload = this.#payload(live, encodeUser(after, sections), PRESENCE_STREAM);
    try {
      await live.ns.request("PUT", [], { payload });
    } catch (error) {
      // Nobody knows what the server has taken of it.
      this.#published = undefined;
      if (this.#state === after) this.#state = before;
      throw error;
    } finally {
      this.#underWay = Math.max(0, this.#underWay - 1);
    }
  }

  #payload(live: Live, body: string, reliability: typeof PRESENCE_STREAM = []): Buffer {
    const self = selfAddress(this.#core, live);
    return encodePublication({
      to: { type: self.type, account: self.account },
      from: self,
      reliability,
      uri: USER_URI,
      contentType: USER_CONTENT,
      body,
    });
  }

  /** Takes NFY about a person who is a contact or oneself. */
  onNotification(kind: "PUT" | "DEL", notification: Notification): void {
    const { from, uri } = notification;
    const email = personOf(from);
    if (email === undefined || uri.toLowerCase() !== USER_URI) return;
    const news = decodeUser(notification.body);
    const isWhole = notification.type === "full";
    if (email === this.#core.self.email) this.#own(kind, news, isWhole);
    else if (kind === "PUT") this.#changed(email, from.type, news, isWhole);
    else this.#left(email, news);
  }

  #own(kind: "PUT" | "DEL", news: UserNews, isWhole: boolean): void {
    const core = this.#core;
    const ids = news.endpoints.map(({ id }) => id);
    if (kind === "DEL") {
      if (ids.includes(core.options.machineGuid)) {
        core.end({ kind: "elsewhere", detail: "Signed out by another place of the account" });
      } else this.#places.ownPlacesGone(ids);
      return;
    }
    this.#places.ownPlaces(news, isWhole);
    // An echo of something older must not take back what is on its way.
    if (this.#underWay > 0 || this.#state === undefined) return;
    const status = news.status === undefined ? this.#state.status : parseStatus(news.status);
    const displayName = news.displayName || this.#state.displayName;
    const personalMessage = news.personalMessage ?? this.#state.personalMessage;
    const media = news.media ?? this.#state.media;
    this.#state = { ...this.#state, status, displayName, personalMessage, media };
    this.#published = { ...this.#state };
    updateSelf(core, { status, displayName });
  }

  #changed(email: Email, network: number, news: UserNews, isWhole: boolean): void {
    const { contacts } = this.#core;
    const status = news.status === undefined ? undefined : parseStatus(news.status);
    if (status === "FLN" || status === "HDN") {
      this.#gone(email);
      return;
    }
    const known = contacts.all.get(email);
    if (known === undefined && status === undefined) return;
    const capabilities = this.#noteEndpoints(email, news, isWhole);
    const isOffline = status === undefined && known?.status === "FLN";
    contacts.update(email, {
      ...(news.displayName !== undefined && { displayName: news.displayName || email }),
      ...(isOffline ? {} : shown(network, status, capabilities, news)),
    });
  }

  /** Where somebody is signed in; undefined when that was not said. */
  #noteEndpoints(email: Email, news: UserNews, isWhole: boolean): Capabilities | undefined {
    if (!isWhole && news.endpoints.length === 0) return undefined;
    const known = (isWhole ? undefined : this.#endpoints.get(email)) ?? new Map<MachineGuid, Capabilities>();
    for (const { id, capabilities } of news.endpoints) {
      known.set(id, capabilities ?? known.get(id) ?? NO_CAPABILITIES);
    }
    if (this.#endpoints.has(email) || this.#endpoints.size < MAX_PLACES) this.#endpoints.set(email, known);
    return unite(known.values());
  }

  /** One place of somebody is gone, or all of them: who is online somewhere is online (source: msnp21 §4.4). */
  #left(email: Email, news: UserNews): void {
    const known = this.#endpoints.get(email);
    const before = known?.size ?? 0;
    for (const { id } of news.endpoints) known?.delete(id);
    if (news.hasMessaging || (before > 0 && known?.size === 0)) this.#gone(email);
    else if (known !== undefined && this.#core.contacts.all.get(email)?.status !== "FLN") {
      this.#core.contacts.update(email, { capabilities: unite(known.values()) });
    }
  }

  #gone(email: Email): void {
    this.#endpoints.delete(email);
    if (!this.#core.contacts.all.has(email)) return;
    const media = undefined;
    const status = "FLN" as const;
    const capabilities = NO_CAPABILITIES;
    this.#core.contacts.update(email, { status, personalMessage: "", media, capabilities, msnObject: undefined });
  }
}

/** People have addresses like ours, whatever network they are on; phones and remote ids do not. */
function personOf({ type, account }: MultipartAddress): Email | undefined {
  return type === ADDRESS_TYPE.circle || type === ADDRESS_TYPE.group ? undefined : toEmail(account);
}

/** Our own words as elements. */
function said(message: PersonalMessage | undefined): Pick<UserState, "personalMessage" | "media"> {
  return {
    personalMessage: (message?.text ?? "").slice(0, MAX_PSM),
    media: message?.media === undefined ? "" : encodeMedia(message.media),
  };
}

/** What of somebody who is online changes; what is absent stays (source: msnp21 §4.4). */
function shown(network: number, status: MsnStatus | undefined, capabilities: Capabilities | undefined, news: UserNews) {
  return {
    network,
    ...(status !== undefined && { status }),
    ...(capabilities !== undefined && { capabilities }),
    ...(news.personalMessage !== undefined && { personalMessage: news.personalMessage.slice(0, MAX_PSM) }),
    ...(news.media !== undefined && { media: decodeMedia(news.media) }),
    ...(news.picture !== undefined && { msnObject: parseMsnObject(news.picture) }),
  };
}
