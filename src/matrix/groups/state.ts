/** A room's state as it was fetched, asked by type and key. Pure. */
import { type Fields, fields } from "../convert/fields.ts";

export interface StateEvent {
  readonly sender: string;
  readonly content: Fields;
}

export class RoomState {
  readonly #events = new Map<string, StateEvent>();
  readonly #members = new Map<string, StateEvent>();

  constructor(events: readonly unknown[]) {
    for (const raw of events) {
      const { type, state_key, sender, content } = fields(raw);
      if (typeof type !== "string" || typeof state_key !== "string" || typeof sender !== "string") continue;
      const event = { sender, content: fields(content) };
      if (type === "m.room.member") this.#members.set(state_key, event);
      else this.#events.set(`${type} ${state_key}`, event);
    }
  }

  event(type: string, key = ""): StateEvent | undefined {
    return this.#events.get(`${type} ${key}`);
  }

  content(type: string, key = ""): Fields {
    return this.event(type, key)?.content ?? {};
  }

  /** All contents of a type, by key. */
  all(type: string): ReadonlyMap<string, Fields> {
    const head = `${type} `;
    return new Map(
      [...this.#events].flatMap(([key, { content }]) =>
        key.startsWith(head) ? [[key.slice(head.length), content]] : [],
      ),
    );
  }

  /** All events of a type but those of members. */
  *events(type: string): Iterable<StateEvent> {
    for (const [key, event] of this.#events) if (key.startsWith(`${type} `)) yield event;
  }

  /** A field of a state event that is a text; empty when it is not. */
  text(type: string, field: string): string {
    const value = this.content(type)[field];
    return typeof value === "string" ? value : "";
  }

  /** `undefined`: never heard of in this room. */
  membership(user: string): string | undefined {
    const membership = this.#members.get(user)?.content.membership;
    return typeof membership === "string" ? membership : undefined;
  }

  /** Who brought a member's membership about. */
  membershipBy(user: string): string | undefined {
    return this.#members.get(user)?.sender;
  }

  nameOf(user: string): string | undefined {
    const name = this.#members.get(user)?.content.displayname;
    return typeof name === "string" ? name : undefined;
  }

  /** Those who stand so. */
  members(...memberships: readonly string[]): string[] {
    return [...this.#members].flatMap(([user, { content }]) =>
      memberships.includes(String(content.membership)) ? [user] : [],
    );
  }
}
