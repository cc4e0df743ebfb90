import { asBridgeError } from "../../../bridge/errors.ts";
import { type ResidentId, residentId } from "../../../bridge/model.ts";
import { RecentMap } from "../../../bridge/recent.ts";
import { type BareJid, bare, domainOf, type Jid, readJid, resourceOf } from "../../jid.ts";
import { asJid, type Invitation, invitationIn, MUC_USER } from "../../muc/room-words.ts";
import { errorElement, failureElement } from "../../stanza/errors.ts";
import { errorMessage } from "../../stanza/message.ts";
import { el, type XmlElement } from "../../stanza/xml.ts";
import type { ForeignRoomsOptions } from "../groups/foreign.ts";
import type { Hearing } from "./hearing.ts";
import type { RoomKeys } from "./keys.ts";
import type { ForeignRoom } from "./room.ts";
import { actorIn, presentOne } from "./who.ts";

export interface InvitationsOptions
  extends Pick<ForeignRoomsOptions, "home" | "host" | "names" | "link" | "say" | "log"> {
  readonly keys: RoomKeys;
  readonly hearing: Pick<Hearing, "asked">;
  readonly room: (jid: BareJid) => ForeignRoom | undefined;
}

/** Who asks the bot into a room again is not told again so soon, ms. */
const WELCOME_MS = 60_000;
/** Clients ask by way of the room and by themselves, one right behind the other: that is asked once, ms. */
const TWICE_MS = 5000;
const REMEMBERED = 1000;

/** Somebody is asked in: the bot, which comes when it is told for which group, or a contact, who has to be asked on their network. */
export class Invitations {
  readonly #o: InvitationsOptions;
  /** When who was told how to go on with which room, Unix ms. */
  readonly #welcomed = new RecentMap<string, number>(REMEMBERED);
  /** When who has asked whom into which room last, Unix ms. */
  readonly #asked = new RecentMap<string, number>(REMEMBERED);

  constructor(options: InvitationsOptions) {
    this.#o = options;
  }

  /** True: it asks the bot into a room, or somebody of ours into one that is tied, and whoever asks gets their answer. */
  take(stanza: XmlElement): boolean {
    const { gateway } = this.#o.names;
    const [from, to] = [readJid(stanza.attrs.from), readJid(stanza.attrs.to)];
    if (stanza.name !== "message" || stanza.attrs.type === "error" || from === undefined || to === undefined)
      return false;
    const invitation = invitationIn(stanza);
    if (invitation === undefined || domainOf(asJid(invitation.room)) === gateway) return false;
    const room = this.#o.room(invitation.room);
    const isBot = bare(to) === gateway;
    if (!isBot && room?.note === undefined) return false;
    // Who is in the room asks by way of it; whoever else writes to us need not know its password.
    if (isBot)
      this.#welcome(invitation, bare(from) === invitation.room).catch((error: unknown) =>
        this.#o.log.info({ err: asBridgeError(error), ...invitation }, "an invitation was not answered"),
      );
    else if (room !== undefined) this.#ask(room, stanza, from, bare(to));
    return true;
  }

  /** Strangers are told nothing. */
  async #welcome({ room, by, password }: Invitation, isFromRoom: boolean): Promise<void> {
    const { host, home, say, log, keys } = this.#o;
    log.info({ room, by }, "the bot was asked into a room");
    const resident = residentId(home, by);
    if (password !== undefined) keys.give(room, resident, password);
    if (password !== undefined && isFromRoom) this.#o.room(room)?.unlock(password);
    const asked = `${room} ${by}`;
    if (Date.now() - (this.#welcomed.get(asked) ?? 0) < WELCOME_MS || !(await host().isLinked(resident))) return;
    this.#welcomed.set(asked, Date.now());
    const how = this.#o.room(room)?.note === undefined ? `bridge <group> ${room}` : `portal resume <group>`;
    const text = `You have asked me into ${room}. Say \`${how}\` with the name of a group of yours, and I come: \`portals\` shows them.`;
    await say(resident, text, `asked|${asked}|${Date.now()}`);
  }

  /** A contact comes when their network has asked them, and they have come there. */
  #ask(room: ForeignRoom, stanza: XmlElement, from: Jid, to: BareJid): void {
    const { names, hearing } = this.#o;
    const ghost = names.parse(to);
    if (ghost === undefined) {
      const error = errorElement({ type: "cancel", condition: "item-not-found" }, `${to} is nobody's JID on MSN.`);
      this.#refuse(stanza, from, to, error);
      return;
    }
    const resident = this.#inviter(stanza, from);
    const asked = `${room.jid} ${resident} ${to}`;
    const isAgain = Date.now() - (this.#asked.get(asked) ?? 0) < TWICE_MS;
    this.#asked.set(asked, Date.now());
    if (isAgain) return;
    const refuse = (): void => this.#refuse(stanza, from, to, failureElement("not-linked"));
    if (resident === undefined) refuse();
    else
      hearing.asked(room, ghost, resident, async () => {
        const may = this.#isIn(room, from) || (await this.#o.host().isLinked(resident));
        if (!may) refuse();
        return may;
      });
  }

  /** `undefined`: the room does not tell. */
  #inviter(stanza: XmlElement, from: Jid): ResidentId | undefined {
    const [place, nick] = [this.#o.room(bare(from)), resourceOf(from)];
    if (place === undefined) return residentId(this.#o.home, bare(from));
    // What somebody in a room says to one alone is theirs, whoever they say has asked; the room's own word has no nick.
    return nick === undefined ? asker(place, stanza) : presentOne(place.sight, nick);
  }

  /** Whether it comes from the room, or from somebody of whom it is known that they are there. */
  #isIn(room: ForeignRoom, from: Jid): boolean {
    return bare(from) === room.jid || [...room.occupants()].some(([, { jid }]) => jid === bare(from));
  }

  /** By way of the room where it has come by that (XEP-0045 §7.8.2). */
  #refuse(stanza: XmlElement, from: Jid, to: BareJid, error: XmlElement): void {
    const { link } = this.#o;
    const inviter = inviterIn(stanza);
    const reason = error.getChildText("text") ?? "";
    if (inviter !== undefined && this.#o.room(bare(from)) !== undefined) {
      const decline = el("decline", { to: inviter }, el("reason", {}, reason));
      link.sendLoosely(el("message", { from: to, to: bare(from) }, el("x", { xmlns: MUC_USER }, decline)));
    } else if (stanza.attrs.id !== undefined)
      link.sendLoosely(errorMessage({ from: to, to: from }, stanza.attrs.id, error));
  }
}

function inviterIn(stanza: XmlElement): Jid | undefined {
  return readJid(stanza.getChild("x", MUC_USER)?.getChild("invite")?.attrs.from);
}

/** Whom the room names: by address, or by their place in it. */
function asker(room: ForeignRoom, stanza: XmlElement): ResidentId | undefined {
  const jid = inviterIn(stanza);
  if (jid === undefined) return undefined;
  const known = [...room.occupants()].find(([, occupant]) => occupant.jid === bare(jid))?.[0];
  const nick = bare(jid) === room.jid ? resourceOf(jid) : known;
  if (nick !== undefined) return presentOne(room.sight, nick);
  return bare(jid) === room.jid ? undefined : actorIn(room.sight, { jid: bare(jid) });
}
