/**
 * Words that came too early. A homeserver tells an application service nothing of a room before one of its users has joined
 * (Synapse 1.163.2: appservice/__init__.py, `_matches_user_in_member_list`), and people write right behind their invitation;
 * Element makes a new chat only with its first message. So when one of ours has joined at a person's invitation, what was
 * said between the two is fetched and taken in before what follows. What was said in the very moment of the joining stands
 * behind it in the room and may be told or not; it is fetched as well, and counts once.
 */
import type { Logger } from "pino";
import { RecentMap } from "../bridge/recent.ts";
import type { EventHead } from "./convert/event.ts";
import { type Fields, fields } from "./convert/fields.ts";
import type { GhostNames } from "./convert/ghost.ts";

export interface EarlyWordsOptions {
  readonly bot: string;
  readonly names: GhostNames;
  /** The newest events of a room, oldest first, as a member of it sees them. */
  readonly latest: (room: string, as: string) => Promise<readonly unknown[]>;
  readonly log: Logger;
}

/** Events that are remembered as taken in; a join follows its invitation within seconds. */
const REMEMBERED = 20_000;
/** How far behind a joining the homeserver may still not know of it, ms. */
const MOMENT_MS = 2000;
/** After so many failures the words are given up: one room's history must not hold up all transactions. */
const TRIES = 3;

export class EarlyWords {
  readonly #options: EarlyWordsOptions;
  readonly #taken = new RecentMap<string, true>(REMEMBERED);
  readonly #failures = new RecentMap<string, number>(100);

  constructor(options: EarlyWordsOptions) {
    this.#options = options;
  }

  /** These events are stored: should they turn up in a room's history they are no news. */
  took(events: Iterable<string>): void {
    for (const event of events) this.#taken.set(event, true);
  }

  /** Whether an event is the coming of one of ours at a person's invitation to talk. */
  isComing(raw: unknown, head: EventHead): boolean {
    if (head.type !== "m.room.member" || head.stateKey !== head.sender || !this.#isOurs(head.sender)) return false;
    if (head.content.membership !== "join") return false;
    const unsigned = fields(fields(raw).unsigned);
    const invitation = fields(unsigned.prev_content);
    if (invitation.membership !== "invite" || this.#isOurs(unsigned.prev_sender)) return false;
    return head.sender === this.#options.bot || invitation.is_direct === true;
  }

  /**
   * What people said from the invitation to the moment of the coming, oldest first, without what was taken in already.
   * @throws MatrixRefusal, HomeserverSilent the first times that it cannot be fetched, so that the transaction comes again.
   */
  async missed(raw: unknown, head: EventHead): Promise<unknown[]> {
    const { latest, log } = this.#options;
    let events: readonly unknown[];
    try {
      events = await latest(head.room, head.sender);
    } catch (error) {
      const failures = (this.#failures.get(head.event) ?? 0) + 1;
      this.#failures.set(head.event, failures);
      if (failures < TRIES) throw error;
      log.warn({ err: error, room: head.room }, "what was said before one of ours came into a room is not known");
      return [];
    }
    const came = events.findIndex((event) => fields(event).event_id === head.event);
    const invited = events.findLastIndex(
      (event, i) => (came === -1 || i < came) && fields(event).state_key === head.sender,
    );
    const moment = Number(fields(raw).origin_server_ts) + MOMENT_MS;
    return events.filter((raw, i) => {
      const event = fields(raw);
      const early = i < came || Number(event.origin_server_ts) <= moment;
      return i > invited && early && this.#isNews(event);
    });
  }

  /** Whether an event was taken in before; a person's words count once, told or fetched. */
  has(event: string): boolean {
    return this.#taken.get(event) !== undefined;
  }

  #isNews({ state_key, event_id, sender }: Fields): boolean {
    if (state_key !== undefined || typeof event_id !== "string") return false;
    return !this.has(event_id) && !this.#isOurs(sender);
  }

  #isOurs(user: unknown): boolean {
    return typeof user === "string" && (user === this.#options.bot || this.#options.names.owns(user));
  }
}
