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
import { concat, plainRich, rich } from "../../bridge/text/model.ts";
import { fields } from "../convert/fields.ts";
import type { GhostNames } from "../convert/ghost.ts";
import { NUDGE, RING_MS } from "../convert/nudge.ts";
import { contentsOf, type Dress, editContent, partsOf, textContent, type Words } from "../convert/text.ts";
import { viaContent } from "../convert/via.ts";
import type { Ghosts } from "../ghosts.ts";
import { isNoWayIn, isRefusal } from "../http/errors.ts";
import { countOf, first, further, furtherOf, type Posted, partKey, postParts } from "../parts.ts";
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
  | { readonly kind: "post"; readonly type: string; readonly contents: Contents }
  /** `events`: of which the message is made now. */
  | { readonly kind: "edit"; readonly parts: readonly Words[]; readonly events: Posted }
  | { readonly kind: "redact"; readonly events: Posted }
  /** It is so already. */
  | { readonly kind: "nothing"; readonly event: MessageId };

type Contents = readonly [object, ...object[]];

interface Saying {
  readonly room: string;
  readonly as: string;
  readonly message: GroupMessage;
  readonly key: string;
  /** With the name of who says it, where somebody else does it for them. */
  readonly dress?: Dress;
}

/** A message in a room. */
interface Said {
  readonly author: string;
  /** Of which it is made. */
  readonly events: Posted;
}

export class GroupWords {
  readonly #o: GroupWordsOptions;
  /** Until when the bot speaks for a user in a room, Unix ms. */
  readonly #refused = new RecentMap<string, number>(REMEMBERED);
  /** Messages by the first of their events. */
  readonly #said = new RecentMap<string, Said>(REMEMBERED);
  /** Events of reactions by room, user, target and key. */
  readonly #reactions = new RecentMap<string, MessageId>(REMEMBERED);

  /** Which nudge has rung a room last. */
  readonly #rung = new RecentMap<string, { readonly key: string; readonly at: number }>(REMEMBERED);

  constructor(options: GroupWordsOptions) {
    this.#o = options;
  }

  /** @throws BridgeError `room-gone`, MatrixRefusal, HomeserverSilent. */
  async deliver(room: string, speaker: GroupSpeaker, message: GroupMessage, key: string): Promise<MessageId> {
    // What has no words, like a reaction that is taken back, is nothing when it was not said here in their name.
    if (speaker.kind === "own" && message.text === "" && message.about !== undefined) return message.about.target;
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
    speaker: GroupSpeaker & { kind: "own" },
    message: GroupMessage,
    key: string,
  ): Promise<MessageId | undefined> {
    const { id: mxid } = residentParts(speaker.resident);
    const { at, via } = message;
    const events = await postParts(this.#words(message), key, async (content, each, part) => {
      const whole = { ...content, ...viaContent(room, mxid, via) };
      const event = await this.#o.double.post({ room, mxid, type: TEXT, content: whole, key: each, at });
      // Where the leave ends in the middle of a message, it is said to its end.
      return event === undefined && part > 0 ? this.#postByOwnGhost(room, speaker, message, content, each) : event;
    });
    return events?.[0];
  }

  async #byOwnGhost(
    room: string,
    speaker: GroupSpeaker & { kind: "own" },
    message: GroupMessage,
    key: string,
  ): Promise<MessageId> {
    const [first] = await postParts(this.#words(message), key, (content, each) =>
      this.#postByOwnGhost(room, speaker, message, content, each),
    );
    return first;
  }

  #postByOwnGhost(
    room: string,
    { self, name }: GroupSpeaker & { kind: "own" },
    { own, at, via }: GroupMessage,
    words: object,
    key: string,
  ): Promise<MessageId> {
    const content = { ...words, ...viaContent(room, this.#o.names.mxid(self), via) };
    return this.#o.ownGhost.post({ room, self, name, device: own?.device, type: TEXT, content, key, at });
  }

  /** In the bot's own name, with whose words they are. */
  async #byBot(room: string, name: string, message: GroupMessage, key: string): Promise<MessageId> {
    const { bot } = this.#o;
    const saying = { room, as: bot, message, key, dress: spokenFor(name, message) };
    try {
      return await this.#say(saying, await this.#actOf(saying), async () => undefined);
    } catch (error) {
      if (!isNoWayIn(error)) throw error;
      throw new BridgeError("room-gone", { detail: "the bridge may not speak in it" }, { cause: error });
    }
  }

  async #say(saying: Saying, act: Act, mend: () => Promise<void>): Promise<MessageId> {
    switch (act.kind) {
      case "nothing":
        return act.event;
      case "redact":
        return this.#redact(saying, act.events);
      case "edit":
        return this.#edit(saying, act, mend);
      case "post":
        return this.#sayAnew(saying, act, mend);
    }
  }

  async #sayAnew(saying: Saying, act: Act & { kind: "post" }, mend: () => Promise<void>): Promise<MessageId> {
    const { room, as, message, key } = saying;
    const { about } = message;
    try {
      const events = await postParts(act.contents, key, (content, each) =>
        this.#post(saying, act.type, content, each, mend),
      );
      const [first] = events;
      this.#said.set(first, { author: as, events });
      if (act.type === REACTION && about?.kind === "reaction")
        this.#reactions.set(`${room} ${as} ${about.target} ${about.key}`, first);
      return first;
    } catch (error) {
      if (!isRefusal(error, "M_DUPLICATE_ANNOTATION")) throw error;
      return (await this.#reaction(saying)) ?? messageId(about?.target ?? "");
    }
  }

  async #post(
    { room, as, message }: Saying,
    type: string,
    words: object,
    key: string,
    mend: () => Promise<void>,
  ): Promise<MessageId> {
    const { sender } = this.#o;
    const content = { ...words, ...viaContent(room, as, message.via) };
    const post = { room, as, type, content, key, at: message.at };
    try {
      return await sender.post(post);
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN", "M_UNKNOWN_DEVICE", "M_EXCLUSIVE")) throw error;
      // Not a user, no device, or not in the room: all of it is mended and the same transaction id is tried once more.
      await mend();
      return await sender.postJoining(post);
    }
  }

  /** Each event gets its part of the new words; there may be more of them, or fewer, than before. */
  async #edit(
    saying: Saying,
    { parts, events }: Act & { kind: "edit" },
    mend: () => Promise<void>,
  ): Promise<MessageId> {
    const { room, as, message, key } = saying;
    const { kind } = message;
    const [head] = events;
    const now: [MessageId, ...MessageId[]] = [head];
    let done: MessageId | undefined;
    for (const [part, words] of parts.entries()) {
      const old = events[part];
      const content =
        old === undefined
          ? { ...textContent(kind, words), ...further(part, head) }
          : editContent(kind, words, old, part === 0 ? first(parts.length) : {});
      const event = await this.#post(saying, TEXT, content, partKey(key, part), mend);
      if (part > 0) now.push(old ?? event);
      done ??= event;
    }
    for (const event of events.slice(parts.length))
      await this.#o.sender.redact(room, as, event, undefined, viaContent(room, as, message.via));
    this.#said.set(head, { author: as, events: now });
    return done ?? head;
  }

  async #redact(saying: Saying, [event, ...others]: Posted): Promise<MessageId> {
    const { room, as, message } = saying;
    const via = viaContent(room, as, message.via);
    // The first is the last to go: it says that there are others, should this be cut off.
    for (const other of others) await this.#o.sender.redact(room, as, other, undefined, via);
    const gone = await this.#o.sender.redact(room, as, event, undefined, via);
    if (gone === undefined) {
      // The one who said it is not in the room any more. A reaction that goes has no words.
      if (message.text === "") return event;
      return this.#say(saying, this.#asText(saying), async () => undefined);
    }
    if (message.about?.kind === "reaction")
      this.#reactions.delete(`${room} ${as} ${message.about.target} ${message.about.key}`);
    return gone;
  }

  async #actOf(saying: Saying): Promise<Act> {
    const { room, as, message, dress } = saying;
    const { about } = message;
    switch (about?.kind) {
      case undefined:
        return message.nudge ? this.#nudge(saying) : this.#asText(saying);
      case "reply":
        return { kind: "post", type: TEXT, contents: await this.#reply(saying, about) };
      case "edit": {
        const said = await this.#find(room, about.target);
        if (said?.author !== as) return this.#asText(saying);
        return { kind: "edit", parts: partsOf(message.kind, wordsOf(about), dress), events: said.events };
      }
      case "removal": {
        const said = await this.#find(room, about.target);
        return said?.author === as ? { kind: "redact", events: said.events } : this.#asText(saying);
      }
      case "reaction":
        return this.#reactionAct(saying, about);
    }
  }

  async #reactionAct(saying: Saying, { target, key, removed }: Relation & { kind: "reaction" }): Promise<Act> {
    // The bot reacts for nobody: it is not its own.
    const { as, message } = saying;
    if (as === this.#o.bot) return message.text === "" ? { kind: "nothing", event: target } : this.#asText(saying);
    if (removed) {
      const event = await this.#reaction(saying);
      return event === undefined ? { kind: "nothing", event: target } : { kind: "redact", events: [event] };
    }
    const content = { "m.relates_to": { rel_type: "m.annotation", event_id: target, key } };
    return { kind: "post", type: REACTION, contents: [content] };
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

  async #reply({ room, message, dress }: Saying, about: Relation & { kind: "reply" | "edit" }): Promise<Contents> {
    const author = (await this.#find(room, about.target))?.author;
    const isPerson = author !== undefined && author !== this.#o.bot && !this.#o.names.owns(author);
    const [head, ...others] = contentsOf(message.kind, wordsOf(about), dress);
    const relation = {
      "m.relates_to": { "m.in_reply_to": { event_id: about.target } },
      "m.mentions": isPerson ? { user_ids: [author] } : {},
    };
    return [{ ...head, ...relation }, ...others];
  }

  #asText({ message, dress }: Saying): Act & { kind: "post" } {
    return { kind: "post", type: TEXT, contents: this.#words(message, dress) };
  }

  /** Rings the people in the room, once in a while; between, it is told without a sound. */
  async #nudge({ room, as, message, key, dress }: Saying): Promise<Act & { kind: "post" }> {
    const before = this.#rung.get(room);
    const rings = before === undefined || before.key === key || Date.now() - before.at >= RING_MS;
    const people = rings ? await this.#people(room, as) : [];
    const [told, ...others] = this.#words(message, dress);
    if (people.length === 0) return { kind: "post", type: TEXT, contents: [{ ...told, "m.mentions": {} }, ...others] };
    this.#rung.set(room, { key, at: Date.now() });
    // Clients make no sound for a notice.
    const ringing = { ...told, msgtype: "m.text", "m.mentions": { user_ids: people.slice(0, MOST_RUNG) } };
    return { kind: "post", type: TEXT, contents: [ringing, ...others] };
  }

  /** Who is in the room in their own person, but for `as`. That they cannot be had stops no words. */
  async #people(room: string, as: string): Promise<string[]> {
    const { sender, bot, names } = this.#o;
    const inside = await sender.members(room, bot).catch(() => []);
    return inside.filter((user) => user !== as && user !== bot && !names.owns(user));
  }

  #words(message: GroupMessage, dress?: Dress): Contents {
    const [head, ...others] = contentsOf(message.kind, message, dress);
    return message.nudge ? [{ ...head, [NUDGE]: true }, ...others] : [head, ...others];
  }

  /** From memory, else from the homeserver; `undefined`: the bot cannot see it. */
  async #find(room: string, event: MessageId): Promise<Said | undefined> {
    const known = this.#said.get(event);
    if (known !== undefined) return known;
    const { sender, bot } = this.#o;
    const raw = fields(await sender.event(room, bot, event));
    if (typeof raw.sender !== "string") return undefined;
    const edit = fields(fields(raw.unsigned)["m.relations"])["m.replace"];
    const isOne = countOf(raw.content, edit) === 1;
    const others = isOne ? [] : furtherOf(await sender.references(room, bot, event), raw.sender);
    const said: Said = { author: raw.sender, events: [event, ...others.map(messageId)] };
    this.#said.set(event, said);
    return said;
  }
}

function wordsOf({ text, rich: look }: Words): Words {
  return look === undefined ? { text } : { text, rich: look };
}

/** Said by somebody else for its speaker. */
function spokenFor(name: string, message: GroupMessage): Dress {
  const who = oneLine(name, NAME_CHARACTERS) || message.from;
  return ({ text, rich: look }) => ({
    text: `${who}: ${text}`,
    rich: concat(rich([{ text: who, bold: true }, { text: ": " }]), look ?? plainRich(text)),
  });
}
