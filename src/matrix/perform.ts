/** The home's own events, carried out in their turn. Each may run twice: after a crash it is called again. */
import type { Logger } from "pino";
import { BridgeError } from "../bridge/errors.ts";
import type { StoredOwn } from "./convert/event.ts";
import type { GhostNames } from "./convert/ghost.ts";
import { notice } from "./convert/text.ts";
import type { Ghosts } from "./ghosts.ts";
import type { Arrivals } from "./groups/arrivals.ts";
import { isRefusal } from "./http/errors.ts";
import type { ManagementRooms } from "./management.ts";
import { FUNCTIONAL_MEMBERS, type Sender } from "./sender.ts";
import { SPACE } from "./spaces/layout.ts";
import type { BotVoice } from "./voice.ts";

export interface PerformerOptions {
  readonly sender: Sender;
  readonly ghosts: Ghosts;
  readonly management: ManagementRooms;
  readonly names: GhostNames;
  readonly bot: string;
  readonly voice: BotVoice;
  readonly arrivals: Arrivals;
  readonly log: Logger;
}

const HELLO =
  "Hello! I connect this server with MSN Messenger. Say `link` to link your MSN account, or `help` to see what else I can do.";
const NO_GROUPS =
  "This is not marked as a direct chat, and this room is not tied to a group chat on MSN: start a direct chat with me, or say `chat <address>` to the bridge bot. I leave this room now; nothing in it was bridged.";
const ENCRYPTED = `${new BridgeError("encrypted").person} I leave this room now; nothing in it was bridged.`;
const ENCRYPTED_HINT = " To get a room without encryption, say `chat <address>` to me in an unencrypted chat.";

export class Performer {
  readonly #options: PerformerOptions;

  constructor(options: PerformerOptions) {
    this.#options = options;
  }

  /** @throws MatrixRefusal, HomeserverSilent. */
  async perform(own: StoredOwn): Promise<void> {
    switch (own.act) {
      case "bot-invited":
        return this.#botInvited(own);
      case "refuse-encrypted":
        return this.#refuseEncrypted(own, own.ghost);
      case "refuse-group":
        return this.#refuseGroup(own, own.ghost);
      case "password":
        return this.#password(own);
      case "leave-empty":
        return this.#leaveEmpty(own.room, own.ghost);
      case "management-left":
        return this.#managementLeft(own);
      case "follow":
        return this.#options.arrivals.follow(own);
    }
  }

  /** Says why, as the bot or a ghost, and leaves; an invitation is accepted for it, because one who is outside cannot speak. */
  async decline(room: string, as: string, why: string): Promise<void> {
    // One room may be declined for several reasons, one after the other.
    if (await this.#enters(room, as)) await this.#sayAndLeave(room, as, why, `decline ${why}`);
    else await this.#options.sender.leave(room, as);
  }

  /**
   * A ghost says why and leaves for good, and the bot with it, unless others of ours talk there with people, or it is where the
   * resident talks with the bot.
   */
  async end(room: string, resident: string, ghost: string, why: string): Promise<void> {
    await this.decline(room, ghost, why);
    if (!(await this.#options.management.has(resident, room))) await this.#leaveEmpty(room, ghost);
  }

  /** False when the room does not let this user speak. */
  async #say(room: string, as: string, text: string, key: string): Promise<boolean> {
    try {
      const content = notice(text);
      await this.#options.sender.post({ room, as, type: "m.room.message", content, key });
      return true;
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND")) throw error;
      this.#options.log.info({ room, err: error }, "could not speak in a room");
      return false;
    }
  }

  async #botInvited(own: StoredOwn & { act: "bot-invited" }): Promise<void> {
    const { sender, bot, management, arrivals } = this.#options;
    try {
      await sender.join(own.room, bot);
    } catch (error) {
      // The invitation was taken back.
      if (isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN")) return;
      throw error;
    }
    // What an invitation tells of the room is what its sender's server has put into it.
    if (own.encrypted || (await sender.stateOf(own.room, bot, "m.room.encryption", "")).algorithm !== undefined)
      return this.#sayAndLeave(own.room, bot, ENCRYPTED, "encrypted");
    // In this order, or who comes in meanwhile would be in neither.
    const invited = await sender.invited(own.room, bot);
    const inside = await sender.members(own.room, bot);
    // A person may ask the bot back into a chat with a contact.
    if (inside.some((user) => user !== bot && this.#isOurs(user))) return;
    const before = await arrivals.predecessor(own.room, bot);
    if (before !== undefined && !(await management.has(own.sender, before))) return;
    const people = new Set([...inside, ...invited].filter((user) => !this.#isOurs(user)));
    // Whatever the invitation says of itself: it is written by whoever sends it. A room with a name is made for more, who may
    // be asked in behind the bot.
    const { name } = own.direct ? {} : await sender.stateOf(own.room, bot, "m.room.name", "");
    if (people.size !== 1 || name !== undefined) return arrivals.amongSeveral(own.room);
    await management.add(own.sender, own.room);
    if (before === undefined) await this.#say(own.room, bot, HELLO, `hello ${own.event}`);
  }

  async #refuseEncrypted(own: StoredOwn, invited: string | undefined): Promise<void> {
    const { bot, management, names, ghosts } = this.#options;
    if (invited !== undefined) {
      const ghost = names.parse(invited);
      if (ghost === undefined) return;
      await ghosts.prepare(ghost);
      if (!(await this.#enters(own.room, invited))) return;
      return this.#sayAndLeave(own.room, invited, ENCRYPTED + ENCRYPTED_HINT, `encrypted ${own.room}`);
    }
    await management.remove(own.sender, own.room);
    const ours = await this.#oursIn(own.room, bot);
    if (ours.length === 0) return;
    const speaker = ours.includes(bot) ? bot : (ours[0] ?? bot);
    await this.#say(own.room, speaker, ENCRYPTED + ENCRYPTED_HINT, `encrypted ${own.room}`);
    await this.#leaveAll(own.room, ours, bot);
  }

  async #refuseGroup(own: StoredOwn, invited: string): Promise<void> {
    const ghost = this.#options.names.parse(invited);
    if (ghost === undefined) return;
    const { ghosts, arrivals } = this.#options;
    await ghosts.prepare(ghost);
    if (!(await this.#enters(own.room, invited))) return this.#options.sender.leave(own.room, invited);
    // A chat goes on in this room, and the contact was asked along.
    if ((await arrivals.predecessor(own.room, invited)) !== undefined) return;
    await this.#sayAndLeave(own.room, invited, NO_GROUPS, "decline");
  }

  /** The words are gone from our side already (they were never stored); here the room gets rid of them, if it lets us. */
  async #password(own: StoredOwn): Promise<void> {
    const { sender, bot, voice } = this.#options;
    const gone = await sender.redact(own.room, bot, own.event, "a password was typed into the room");
    const what =
      gone !== undefined
        ? "I have removed that message from the room."
        : "This room does not let me remove your message: please remove it yourself now.";
    const text = `That looked like a password, so I have not read it and have kept nothing of it. ${what} Other devices and the server's backups may have seen it: change the password if it was a real one. Passwords belong only on the page that I make when you say \`link\` with nothing behind it.`;
    const key = `password ${own.event}`;
    if (!(await this.#say(own.room, bot, text, key))) await voice.sayTo(own.sender, text, `${key} elsewhere`);
  }

  /** When no person is left in a room, nobody of ours stays either; nor does the bot where the contact was thrown out. */
  async #leaveEmpty(room: string, ghost: string | undefined): Promise<void> {
    const { sender, bot } = this.#options;
    const inside = await this.#seenBy(room, bot, () => sender.members(room, bot));
    if (inside === undefined) return;
    const servants = await this.#servants(room);
    const chat = inside.some((user) => user !== ghost && !servants.includes(user) && this.#isOurs(user));
    const people = inside.some((user) => !this.#isOurs(user));
    if (people && (chat || ghost === undefined)) return;
    // Spaces are left by spaces.ts, and show until then that their owner has left them.
    if ((await sender.stateOf(room, bot, "m.room.create", "")).type === SPACE) return;
    await this.#leaveAll(room, inside, bot);
  }

  /** Those of ours who are nobody's contact in a room: the bot, and the ghost of the resident's own account. */
  async #servants(room: string): Promise<readonly unknown[]> {
    const { sender, bot } = this.#options;
    const { service_members: known } = await sender.stateOf(room, bot, FUNCTIONAL_MEMBERS, "");
    return [bot, ...(Array.isArray(known) ? known : [])];
  }

  async #managementLeft(own: StoredOwn): Promise<void> {
    const { management, sender, bot } = this.#options;
    await management.remove(own.sender, own.room);
    await sender.leave(own.room, bot);
  }

  async #sayAndLeave(room: string, as: string, text: string, key: string): Promise<void> {
    await this.#say(room, as, text, `${key} ${room}`);
    await this.#options.sender.leave(room, as);
  }

  async #enters(room: string, as: string): Promise<boolean> {
    try {
      await this.#options.sender.join(room, as);
      return true;
    } catch (error) {
      if (isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN")) return false;
      throw error;
    }
  }

  async #oursIn(room: string, as: string): Promise<string[]> {
    const inside = await this.#seenBy(room, as, () => this.#options.sender.members(room, as));
    return (inside ?? []).filter((user) => this.#isOurs(user));
  }

  async #seenBy<T>(room: string, as: string, look: () => Promise<T>): Promise<T | undefined> {
    try {
      return await look();
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND")) throw error;
      this.#options.log.debug({ room, as }, "not in the room any more");
      return undefined;
    }
  }

  /** The last one out is the one that can see the room. */
  async #leaveAll(room: string, users: readonly string[], last: string): Promise<void> {
    for (const user of users) if (user !== last && this.#isOurs(user)) await this.#options.sender.leave(room, user);
    await this.#options.sender.leave(room, last);
  }

  #isOurs(user: string): boolean {
    return user === this.#options.bot || this.#options.names.owns(user);
  }
}
