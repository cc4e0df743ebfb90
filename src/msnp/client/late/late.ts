import { type Email, toEmail } from "../../address.ts";
import { parsePresence, readAddress } from "../../dialect/lines.ts";
import { describeError } from "../../errors.ts";
import { ADDRESS_TYPE, type MultipartAddress, parseMultipartAddress } from "../../message/multipart-address.ts";
import { isUnavailable } from "../../soap/service.ts";
import { HttpError } from "../../transport/http.ts";
import { type Command, decodeArg } from "../../wire/command.ts";
import type { Core, Live } from "../core.ts";
import { Pings } from "../pings.ts";
import type { Turns } from "../turns.ts";
import { CircleBook } from "./circles.ts";
import type { GroupChat } from "./conversation.ts";
import { type Notification, readNotification } from "./envelope.ts";
import { Groups } from "./groups.ts";
import { Messenger, type MessengerHost } from "./messenger.ts";
import { Post } from "./post.ts";
import { DocumentPresence, type OwnPlaces } from "./presence.ts";
import { StoredTexts } from "./stored-texts.ts";
import { decodeUser } from "./user-document.ts";

/** What the client does for the parts that speak in envelopes. */
export interface LateOwner extends OwnPlaces {
  /** The lists have changed at another place. */
  refreshLists(): void;
}

/** All that goes by NFY, PUT, DEL and SDG: everything at MSNP21, circles at MSNP18 (source: msnp21 §3-§5). */
export class Late implements MessengerHost {
  readonly core: Core;
  readonly post: Post;
  readonly presence: DocumentPresence;
  readonly messenger: Messenger;
  readonly circles: CircleBook;
  readonly groups: Groups;
  readonly stored: StoredTexts;
  readonly #owner: LateOwner;
  /** The circles could not be read for the moment. */
  #mustReadAgain = false;

  constructor(core: Core, turns: Turns, owner: LateOwner) {
    this.core = core;
    this.#owner = owner;
    this.post = new Post(core, turns);
    this.presence = new DocumentPresence(core, owner);
    this.messenger = new Messenger(core, this);
    this.circles = new CircleBook(core, this);
    this.groups = new Groups(core, this);
    this.stored = new StoredTexts(core, (received, from, conversation, receivedAt) =>
      this.messenger.tell(received, from, conversation, receivedAt),
    );
  }

  /** The lists are told: circles come after contacts and before the first presence (source: msnp21 §2.4, §2.6). */
  async prepare(live: Live, signal: AbortSignal): Promise<Pings> {
    this.#clear();
    this.stored.reset();
    const { ack, keepalive } = this.core.timeouts;
    const pings = new Pings(live.ns, Math.max(ack, keepalive));
    this.post.pings = pings;
    if (!this.#hasCircles(live) || live.dialect.presence.kind !== "documents") return pings;
    await this.#tolerated(async () => {
      await this.circles.learn(live, signal);
      await this.circles.subscribe(live);
    });
    return pings;
  }

  /** The account is visible: its circles see it, too. At MSNP18 they are learnt only now (source: msnp-chat §6.2). */
  started(live: Live): void {
    if (!this.#hasCircles(live)) return;
    const isKnown = live.dialect.presence.kind === "documents";
    const work = this.#tolerated(() => (isKnown ? this.circles.joinAll(live) : this.circles.refresh()));
    if (!isKnown) this.circles.learning(work);
    void work.then(() => {
      if (this.#mustReadAgain) this.circles.scheduleRefresh(1);
    });
  }

  end(): void {
    this.messenger.end();
    this.#clear();
  }

  #clear(): void {
    this.presence.clear();
    this.circles.clear();
    this.groups.clear();
    this.post.pings = undefined;
    this.#mustReadAgain = false;
  }

  #hasCircles({ dialect }: Live): boolean {
    return dialect.circles && this.core.options.circles !== false;
  }

  /** An account can do without circles, and many servers have none. Never rejects. */
  async #tolerated(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#mustReadAgain ||= error instanceof HttpError || isUnavailable(error);
      this.core.options.trace?.("<<<", "NS", `Circles are out of reach: ${describeError(error)}`);
    }
  }

  /** Takes a line; false when it is about something else. */
  onCommand(command: Command): boolean {
    switch (command.name) {
      case "QNG":
        this.post.pings?.onAnswer(command.args[0]);
        return true;
      case "NFY":
        this.#notified(command);
        return true;
      case "SDG":
        this.messenger.onMessage(command.payload);
        return true;
      case "NOT":
        // Circles say in the same words as lists that something has changed (source: msnp-chat §6.2).
        this.circles.onNotice(command.payload);
        return false;
      case "NLN":
      case "FLN":
      case "UBX":
        return this.#isMember(command);
      default:
        return false;
    }
  }

  #notified({ args, payload }: Command): void {
    const kind = args[0]?.toUpperCase();
    const notification = readNotification(payload);
    if ((kind !== "PUT" && kind !== "DEL") || notification === undefined) return;
    const { from, via } = notification;
    if (from.type === ADDRESS_TYPE.circle) this.circles.onNotification(kind, notification);
    else if (from.type === ADDRESS_TYPE.group) this.groups.onNotification(kind, notification);
    else if (via?.type === ADDRESS_TYPE.circle) this.#memberNotified(kind, via, notification);
    else this.presence.onNotification(kind, notification);
  }

  #memberNotified(kind: "PUT" | "DEL", via: MultipartAddress, { from, body, type }: Notification): void {
    const email = toEmail(from.account);
    if (email !== undefined) this.circles.onMember(via, email, kind, decodeUser(body), type === "sync");
  }

  /** Presence of circle members at MSNP18, whose address names the circle (source: msnp-chat §6.4). */
  #isMember(command: Command): boolean {
    const { live } = this.core;
    const at = command.name === "NLN" ? 1 : 0;
    if (live === undefined || !decodeArg(command.args[at] ?? "").includes(";via=")) return false;
    const found = readAddress(live.dialect, command.args, at)?.address;
    const via = parseMultipartAddress(found?.via ?? "");
    if (found === undefined || via?.type !== ADDRESS_TYPE.circle || command.name === "UBX") return true;
    const status = command.name === "NLN" ? parsePresence(live.dialect, command)?.status : "FLN";
    if (status !== undefined) this.circles.onMember(via, found.email, "PUT", { status, hasMessaging: true });
    return true;
  }

  groupChat(to: MultipartAddress, speaker: Email): GroupChat | undefined {
    return to.type === ADDRESS_TYPE.circle ? this.circles.chatOf(to) : this.groups.chatFor(to, speaker);
  }

  bookChanged(): void {
    this.#owner.refreshLists();
    this.circles.scheduleRefresh();
  }

  startGroup(members: readonly Email[]): Promise<GroupChat> {
    return this.groups.start(members);
  }

  inviteTo(chat: GroupChat, email: Email): Promise<void> {
    return chat.kind === "circle" ? this.circles.invite(chat.id, email) : this.groups.invite(chat, email);
  }

  leave(chat: GroupChat): Promise<void> {
    return chat.kind === "circle" ? this.circles.leave(chat.id) : this.groups.leave(chat);
  }
}
