/** An event as a client sees it in a room. */
export interface MatrixEvent {
  readonly event_id: string;
  readonly type: string;
  readonly sender: string;
  readonly origin_server_ts: number;
  readonly state_key?: string;
  readonly content: Readonly<Record<string, unknown>>;
  readonly unsigned?: Readonly<Record<string, unknown>>;
  readonly redacts?: string;
}

/** The parts of a /sync answer that the test person reads. */
export interface SyncAnswer {
  readonly next_batch: string;
  readonly account_data?: { readonly events?: readonly Pick<MatrixEvent, "type" | "content">[] };
  readonly presence?: { readonly events?: readonly Pick<MatrixEvent, "sender" | "content">[] };
  readonly rooms?: {
    readonly join?: Readonly<Record<string, JoinedRoomPart>>;
    readonly invite?: Readonly<
      Record<string, { readonly invite_state?: { readonly events?: readonly StrippedEvent[] } }>
    >;
    readonly leave?: Readonly<Record<string, JoinedRoomPart>>;
  };
}

export interface JoinedRoomPart {
  readonly timeline?: {
    readonly events?: readonly MatrixEvent[];
    readonly limited?: boolean;
    readonly prev_batch?: string;
  };
  readonly state?: { readonly events?: readonly MatrixEvent[] };
  readonly ephemeral?: { readonly events?: readonly Pick<MatrixEvent, "type" | "content">[] };
}

export type StrippedEvent = Pick<MatrixEvent, "type" | "sender" | "content"> & { readonly state_key?: string };

export interface Reaction {
  readonly eventId: string;
  readonly sender: string;
  readonly key: string;
}

/** One room as a person sees it; fed from /sync, asked by tests. */
export class RoomView {
  readonly id: string;
  /** Every event since the person first saw the room, in the server's order, each once. */
  readonly timeline: MatrixEvent[] = [];
  /** Who types now. */
  typing: readonly string[] = [];
  /** The newest event each person has read (m.read), by user. */
  readonly receipts = new Map<string, string>();
  joined = false;
  readonly #state = new Map<string, MatrixEvent | StrippedEvent>();
  readonly #seen = new Set<string>();

  constructor(id: string) {
    this.id = id;
  }

  /** Content of a state event; undefined when the room has none. */
  state(type: string, key = ""): Readonly<Record<string, unknown>> | undefined {
    return this.#state.get(`${type}\0${key}`)?.content;
  }

  /** Users whose membership is `membership`. */
  members(membership = "join"): readonly string[] {
    return [...this.#state.values()]
      .filter((event) => event.type === "m.room.member" && event.content.membership === membership)
      .map((event) => event.state_key ?? "");
  }

  /** Name and avatar of a member as this room shows them. */
  displayName(userId: string): string | undefined {
    const name = this.state("m.room.member", userId)?.displayname;
    return typeof name === "string" ? name : undefined;
  }

  /** Messages (m.room.message), oldest first; only those of `sender` when given. */
  messages(sender?: string): readonly MatrixEvent[] {
    return this.timeline.filter(
      (event) => event.type === "m.room.message" && (sender === undefined || event.sender === sender),
    );
  }

  /** Bodies of {@link messages}. */
  texts(sender?: string): readonly string[] {
    return this.messages(sender).map((event) => String(event.content.body ?? ""));
  }

  /** Reactions to an event. */
  reactions(eventId: string): readonly Reaction[] {
    return this.timeline.flatMap((event) => {
      const about = event.content["m.relates_to"] as { event_id?: unknown; key?: unknown } | undefined;
      if (event.type !== "m.reaction" || about?.event_id !== eventId) return [];
      return [{ eventId: event.event_id, sender: event.sender, key: String(about.key ?? "") }];
    });
  }

  has(eventId: string): boolean {
    return this.#seen.has(eventId);
  }

  /**
   * State beside the timeline. What stood in the timeline counts as it came there: where events were sent at the same moment,
   * /sync may give the older of two once more.
   */
  addState(event: MatrixEvent | StrippedEvent): void {
    if ("event_id" in event && this.#seen.has(event.event_id)) return;
    this.#set(event);
  }

  addEvents(events: readonly MatrixEvent[]): void {
    for (const event of events) {
      if (this.#seen.has(event.event_id)) continue;
      this.#seen.add(event.event_id);
      this.timeline.push(event);
      if (event.state_key !== undefined) this.#set(event);
    }
  }

  #set(event: MatrixEvent | StrippedEvent): void {
    this.#state.set(`${event.type}\0${event.state_key ?? ""}`, event);
  }

  addEphemeral(event: Pick<MatrixEvent, "type" | "content">): void {
    if (event.type === "m.typing") this.typing = event.content.user_ids as readonly string[];
    if (event.type !== "m.receipt") return;
    for (const [eventId, kinds] of Object.entries(event.content)) {
      for (const userId of Object.keys((kinds as { "m.read"?: object })["m.read"] ?? {})) {
        this.receipts.set(userId, eventId);
      }
    }
  }
}

/** An event in one line, for transcripts and error texts. */
export function describeEvent(
  event: Pick<MatrixEvent, "type" | "sender" | "content"> & { state_key?: string },
): string {
  const { type, sender, content } = event;
  if (type === "m.room.message") return `${sender}: ${String(content.body)} (${String(content.msgtype)})`;
  const key = event.state_key === undefined ? "" : ` [${event.state_key}]`;
  return `${sender} ${type}${key} ${JSON.stringify(content)}`;
}
