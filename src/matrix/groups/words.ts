/**
 * Words in the rooms of groups: of contacts, of people of other homes, and of residents at another place.
 *
 * - **Who says it:** the speaker's ghost, which comes in when it speaks for the first time. Where a room of others does not
 *   let it in or speak, or its address is too long for a user of Matrix, the bot says it for them, as "**Name**: words"; after
 *   a refusal for a while without asking again.
 * - **What it is about:** an answer, an edit, a removal or a reaction is what Matrix has for it, when the speaker may do that
 *   (nobody edits or removes what another user has sent); otherwise the words that say the same.
 */

import { BridgeError } from "../../bridge/errors.ts";
import type { GroupSpeaker } from "../../bridge/groups/model.ts";
import {
  type GhostRef,
  type GroupMessage,
  type MessageId,
  messageId,
  type Relation,
  residentParts,
} from "../../bridge/model.ts";
import { oneLine } from "../../bridge/plain.ts";
import { RecentMap } from "../../bridge/recent.ts";
import { concat, plainRich, type RichText, rich } from "../../bridge/text/model.ts";
import type { GhostNames } from "../convert/ghost.ts";
import { NUDGE, RING_MS } from "../convert/nudge.ts";
import { viaContent } from "../convert/via.ts";
import type { Ghosts } from "../ghosts.ts";
import { isNoWayIn, isRefusal } from "../http/errors.ts";
import type { DoublePuppets } from "../puppets/double.ts";
import type { OwnGhost } from "../puppets/own-ghost.ts";
import type { Sender } from "../sender.ts";

export interface GroupWordsOptions {
  readonly sender: Sender;
  readonly ghosts: Ghosts;
  readonly names: GhostNames;
  readonly double: DoublePuppets;
  readonly ownGhost: OwnGhost;
  readonly bot: string;
  /** The words of a message as an event's content. */
  readonly content: (message: Pick<GroupMessage, "kind" | "text" | "rich">) => object;
}

const TEXT = "m.room.message";
const REACTION = "m.reaction";
/** People whom one nudge rings: a mention of each is in the event. */
const MOST_RUNG = 100;
const REMEMBERED = 20_000;
const NAME_CHARACTERS = 80;
/** For so long the bot speaks for somebody whom a room has refused, ms. */
const REFUSED_MS = 10 * 60_000;

/** What is to be done for a message. */
type Act =
  | { readonly kind: "post"; readonly type: string; readonly content: object }
  | { readonly kind: "redact"; readonly event: MessageId }
  /** It is so already. */
  | { readonly kind: "nothing"; readonly event: MessageId };

interface Saying {
  readonly room: string;
  readonly as: string;
  readonly message: GroupMessage;
  readonly key: string;
}

export class GroupWords {
  readonly #o: GroupWordsOptions;
  /** Until when the bot speaks for a user in a room, Unix ms. */
  readonly #refused = new RecentMap<string, number>(REMEMBERED);
  /** Who sent an event, of those that were sent here. */
  readonly #authors = new RecentMap<string, string>(REMEMBERED);
  /** Events of reactions by room, user, target and key. */
  readonly #reactions = new RecentMap<string, MessageId>(REMEMBERED);

  /** Which nudge has rung a room last. */
  readonly #rung = new RecentMap<string, { readonly key: string; readonly at: number }>(REMEMBERED);

  constructor(options: GroupWordsOptions) {
    this.#o = options;
  }

  /** @throws BridgeError `room-gone`, MatrixRefusal, HomeserverSilent. */
  async deliver(room: string, speaker: GroupSpeaker, message: GroupMessage, key: string): Promise<MessageId> {
    const said = speaker.kind === "own" ? await this.#own(room, speaker, message, key) : undefined;
    if (said !== undefined) return said;
    const ghost = this.#ghostOf(speaker);
    if (!this.#o.names.isSpellable(ghost)) return this.#byBot(room, speaker.name, message, key);
    const as = this.#o.ghosts.mxid(ghost);
    const refused = `${room} ${as}`;
    if ((this.#refused.get(refused) ?? 0) > Date.now()) return this.#byBot(room, speaker.name, message, key);
    try {
      return await (speaker.kind === "own"
        ? this.#byOwnGhost(room, speaker, message, key)
        : this.#byGhost({ room, as, message, key }, ghost, speaker.name));
    } catch (error) {
      if (!isNoWayIn(error)) throw error;
    }
    const event = await this.#byBot(room, speaker.name, message, key);
    this.#refused.set(refused, Date.now() + REFUSED_MS);
    return event;
  }

  #ghostOf(speaker: GroupSpeaker): GhostRef {
    if (speaker.kind === "guest") return this.#o.names.guest(speaker.resident);
    return speaker.kind === "own" ? speaker.self : speaker.ghost;
  }

  async #byGhost(saying: Saying, ghost: GhostRef, name: string): Promise<MessageId> {
    const { ghosts } = this.#o;
    // Their name at the time of the words is the newest that is known; an address is what stands where none is.
    if (name !== "" && name !== ghost.contact) await ghosts.name(ghost, name);
    else await ghosts.prepare(ghost);
    return this.#say(saying, await this.#actOf(saying), () => ghosts.prepareAnew(ghost));
  }

  /** As the resident, where the bridge may; `undefined` where it may not. */
  async #own(
    room: string,
    { resident }: GroupSpeaker & { kind: "own" },
    message: GroupMessage,
    key: string,
  ): Promise<MessageId | undefined> {
    const { id: mxid } = residentParts(resident);
    const content = { ...this.#words(message), ...viaContent(room, mxid, message.via) };
    return this.#o.double.post({ room, mxid, type: TEXT, content, key, at: message.at });
  }

  async #byOwnGhost(
    room: string,
    { self, name }: GroupSpeaker & { kind: "own" },
    message: GroupMessage,
    key: string,
  ): Promise<MessageId> {
    const { own, at } = message;
    return this.#o.ownGhost.post({
      room,
      self,
      name,
      device: own?.device,
      type: TEXT,
      content: { ...this.#words(message), ...viaContent(room, this.#o.names.mxid(self), message.via) },
      key,
      at,
    });
  }

  /** In the bot's own name, with whose words they are. */
  async #byBot(room: string, name: string, message: GroupMessage, key: string): Promise<MessageId> {
    const { bot } = this.#o;
    const saying = { room, as: bot, message: spokenFor(name, message), key };
    try {
      return await this.#say(saying, await this.#actOf(saying), async () => undefined);
    } catch (error) {
      if (!isNoWayIn(error)) throw error;
      throw new BridgeError("room-gone", { detail: "the bridge may not speak in it" }, { cause: error });
    }
  }

  async #say(saying: Saying, act: Act, mend: () => Promise<void>): Promise<MessageId> {
    if (act.kind === "nothing") return act.event;
    if (act.kind === "redact") return this.#redact(saying, act.event);
    try {
      return await this.#post(saying, act, mend);
    } catch (error) {
      if (!isRefusal(error, "M_DUPLICATE_ANNOTATION")) throw error;
      const { about } = saying.message;
      return (await this.#reaction(saying)) ?? messageId(about?.target ?? "");
    }
  }

  async #post({ room, as, message, key }: Saying, act: Act & { kind: "post" }, mend: () => Promise<void>) {
    const { sender } = this.#o;
    const content = { ...act.content, ...viaContent(room, as, message.via) };
    const post = { room, as, type: act.type, content, key, at: message.at };
    let event: MessageId;
    try {
      event = await sender.post(post);
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN", "M_UNKNOWN_DEVICE", "M_EXCLUSIVE")) throw error;
      // Not a user, no device, or not in the room: all of it is mended and the same transaction id is tried once more.
      await mend();
      event = await sender.postJoining(post);
    }
    this.#authors.set(event, as);
    const { about } = message;
    if (act.type === REACTION && about?.kind === "reaction")
      this.#reactions.set(`${room} ${as} ${about.target} ${about.key}`, event);
    return event;
  }

  async #redact(saying: Saying, event: MessageId): Promise<MessageId> {
    const { room, as, message } = saying;
    const gone = await this.#o.sender.redact(room, as, event, undefined, viaContent(room, as, message.via));
    if (gone !== undefined) {
      if (message.about?.kind === "reaction")
        this.#reactions.delete(`${room} ${as} ${message.about.target} ${message.about.key}`);
      return gone;
    }
    // The one who said it is not in the room any more.
    return this.#post(saying, this.#asText(message), async () => undefined);
  }

  async #actOf(saying: Saying): Promise<Act> {
    const { room, as, message } = saying;
    const { about } = message;
    switch (about?.kind) {
      case undefined:
        return message.nudge ? this.#nudge(saying) : this.#asText(message);
      case "reply":
        return { kind: "post", type: TEXT, content: await this.#reply(room, message, about) };
      case "edit": {
        if ((await this.#author(room, about.target)) !== as) return this.#asText(message);
        const words = this.#o.content({ kind: message.kind, ...wordsOf(about) });
        const marked = this.#o.content({ kind: message.kind, ...starred(wordsOf(about)) });
        const relation = { rel_type: "m.replace", event_id: about.target };
        return {
          kind: "post",
          type: TEXT,
          content: { ...marked, "m.new_content": words, "m.relates_to": relation },
        };
      }
      case "removal":
        if ((await this.#author(room, about.target)) !== as) return this.#asText(message);
        return { kind: "redact", event: about.target };
      case "reaction":
        return this.#reactionAct(saying, about);
    }
  }

  async #reactionAct(saying: Saying, { target, key, removed }: Relation & { kind: "reaction" }): Promise<Act> {
    // The bot reacts for nobody: it is not its own.
    const { as, message } = saying;
    if (as === this.#o.bot) return message.text === "" ? { kind: "nothing", event: target } : this.#asText(message);
    if (removed) {
      const event = await this.#reaction(saying);
      return event === undefined ? { kind: "nothing", event: target } : { kind: "redact", event };
    }
    const content = { "m.relates_to": { rel_type: "m.annotation", event_id: target, key } };
    return { kind: "post", type: REACTION, content };
  }

  /** The event by which somebody has reacted; from memory, else from the homeserver. */
  async #reaction({ room, as, message: { about } }: Saying): Promise<MessageId | undefined> {
    if (about?.kind !== "reaction") return undefined;
    const known = this.#reactions.get(`${room} ${as} ${about.target} ${about.key}`);
    if (known !== undefined) return known;
    const { sender, bot } = this.#o;
    for (const raw of await sender.reactions(room, bot, about.target)) {
      const event = fields(raw);
      const relation = fields(fields(event.content)["m.relates_to"]);
      if (event.sender === as && relation.key === about.key && typeof event.event_id === "string")
        return messageId(event.event_id);
    }
    return undefined;
  }

  async #reply(room: string, message: GroupMessage, about: Relation & { kind: "reply" | "edit" }): Promise<object> {
    const author = await this.#author(room, about.target);
    const isPerson = author !== undefined && author !== this.#o.bot && !this.#o.names.owns(author);
    return {
      ...this.#o.content({ kind: message.kind, ...wordsOf(about) }),
      "m.relates_to": { "m.in_reply_to": { event_id: about.target } },
      "m.mentions": isPerson ? { user_ids: [author] } : {},
    };
  }

  #asText(message: GroupMessage): Act & { kind: "post" } {
    return { kind: "post", type: TEXT, content: this.#words(message) };
  }

  /** Rings the people in the room, once in a while; between, it is told without a sound. */
  async #nudge({ room, as, message, key }: Saying): Promise<Act & { kind: "post" }> {
    const before = this.#rung.get(room);
    const rings = before === undefined || before.key === key || Date.now() - before.at >= RING_MS;
    const people = rings ? await this.#people(room, as) : [];
    const told = this.#words(message);
    if (people.length === 0) return { kind: "post", type: TEXT, content: { ...told, "m.mentions": {} } };
    this.#rung.set(room, { key, at: Date.now() });
    // Clients make no sound for a notice.
    return {
      kind: "post",
      type: TEXT,
      content: { ...told, msgtype: "m.text", "m.mentions": { user_ids: people.slice(0, MOST_RUNG) } },
    };
  }

  /** Who is in the room in their own person, but for `as`. That they cannot be had stops no words. */
  async #people(room: string, as: string): Promise<string[]> {
    const { sender, bot, names } = this.#o;
    const inside = await sender.members(room, bot).catch(() => []);
    return inside.filter((user) => user !== as && user !== bot && !names.owns(user));
  }

  #words(message: GroupMessage): object {
    const content = this.#o.content(message);
    return message.nudge ? { ...content, [NUDGE]: true } : content;
  }

  async #author(room: string, event: MessageId): Promise<string | undefined> {
    const known = this.#authors.get(event);
    if (known !== undefined) return known;
    const { sender, bot } = this.#o;
    const author = await sender.author(room, bot, event);
    if (author !== undefined) this.#authors.set(event, author);
    return author;
  }
}

interface Words {
  readonly text: string;
  readonly rich?: RichText;
}

function wordsOf({ text, rich: look }: Words): Words {
  return look === undefined ? { text } : { text, rich: look };
}

/** What clients show that know no edits. */
function starred({ text, rich: look }: Words): Words {
  return { text: `* ${text}`, ...(look && { rich: concat(plainRich("* "), look) }) };
}

/** The same message, said by somebody else for its speaker. */
function spokenFor(name: string, message: GroupMessage): GroupMessage {
  const who = oneLine(name, NAME_CHARACTERS) || message.from;
  const signed = ({ text, rich: look }: Words): Words => ({
    text: `${who}: ${text}`,
    rich: concat(rich([{ text: who, bold: true }, { text: ": " }]), look ?? plainRich(text)),
  });
  const { about } = message;
  const isWords = about?.kind === "reply" || about?.kind === "edit";
  return { ...message, ...signed(message), ...(isWords ? { about: { ...about, ...signed(about) } } : {}) };
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
