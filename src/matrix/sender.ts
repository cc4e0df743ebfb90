/** Putting events into rooms so that a repeat is the same event, and getting back into a room that a user has fallen out of. */
import { createHash } from "node:crypto";
import { type MessageId, messageId } from "../bridge/model.ts";
import { fields } from "./convert/fields.ts";
import type { Ghosts } from "./ghosts.ts";
import type { HomeserverClient } from "./http/client.ts";
import { HomeserverSilent, isRefusal } from "./http/errors.ts";

/**
 * A transaction id from a lane's key. Synapse's memory of them is per path and application service, not per user, so the
 * key alone must be unique; it is, because a key names one entry of one lane.
 */
export function transactionId(key: string): string {
  return `m${createHash("sha256").update(key).digest("base64url").slice(0, 32)}`;
}

export interface Post {
  readonly room: string;
  readonly as: string;
  readonly type: string;
  readonly content: object;
  readonly key: string;
  /** Unix ms when it was said; the homeserver's clock when absent. */
  readonly at?: number;
  /** For metrics. */
  readonly name?: string;
}

/** Where an event of this type and key is sent to. */
export function sendPath(room: string, type: string, key: string): string {
  return `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/${encodeURIComponent(type)}/${transactionId(key)}`;
}

/** The state by which clients know who of a room is no person. */
export const FUNCTIONAL_MEMBERS = "io.element.functional_members";

const room = (id: string): string => `/_matrix/client/v3/rooms/${encodeURIComponent(id)}`;

export class Sender {
  readonly #client: HomeserverClient;
  readonly #ghosts: Ghosts;
  readonly #bot: string;

  constructor(client: HomeserverClient, ghosts: Ghosts, bot: string) {
    this.#client = client;
    this.#ghosts = ghosts;
    this.#bot = bot;
  }

  /** One request. @throws MatrixRefusal, HomeserverSilent. */
  async post(post: Post): Promise<MessageId> {
    const device = this.#ghosts.device;
    const answer = await this.#client.call({
      name: post.name ?? "send",
      method: "PUT",
      path: sendPath(post.room, post.type, post.key),
      as: post.as,
      ...(device === undefined ? {} : { device }),
      ...(post.at === undefined ? {} : { query: `&ts=${Math.max(0, Math.trunc(post.at))}` }),
      body: post.content,
    });
    return eventId(answer.event_id);
  }

  /** Posts; when the sender is not in the room (any more), brings it in once and posts again with the same transaction id. */
  async postJoining(post: Post): Promise<MessageId> {
    try {
      return await this.post(post);
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN")) throw error;
      await this.join(post.room, post.as);
      return await this.post(post);
    }
  }

  /**
   * Joins; when that needs an invitation, has the bot invite. `via`: a server that knows the room.
   * @throws MatrixRefusal `M_FORBIDDEN` when there is no way in.
   */
  async join(roomId: string, as: string, via?: string): Promise<void> {
    const server = via === undefined ? undefined : encodeURIComponent(via);
    const query = server === undefined ? {} : { query: `&via=${server}&server_name=${server}` };
    const join = () => this.#client.call({ name: "join", method: "POST", path: `${room(roomId)}/join`, as, ...query });
    try {
      await join();
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN") || as === this.#bot) throw error;
      await this.invite(roomId, this.#bot, as);
      await join();
    }
  }

  /** Invites; someone who is in the room or invited already is fine. */
  async invite(roomId: string, as: string, whom: string): Promise<void> {
    if ((await this.membership(roomId, as, whom)) !== "out") return;
    const call = {
      name: "invite",
      method: "POST" as const,
      path: `${room(roomId)}/invite`,
      as,
      body: { user_id: whom },
    };
    await this.#client.call(call);
  }

  /** Takes somebody out of a room. */
  async kick(roomId: string, as: string, whom: string, why: string): Promise<void> {
    const body = { user_id: whom, reason: why };
    await this.#client.call({ name: "kick", method: "POST", path: `${room(roomId)}/kick`, as, body });
  }

  /** Somebody may be asked in again. */
  async unban(roomId: string, as: string, whom: string): Promise<void> {
    const body = { user_id: whom };
    await this.#client.call({ name: "unban", method: "POST", path: `${room(roomId)}/unban`, as, body });
  }

  /** All of a room's state, as a member sees it. */
  async wholeState(roomId: string, as: string): Promise<readonly unknown[]> {
    return this.#client.list({ name: "whole-state", method: "GET", path: `${room(roomId)}/state`, as });
  }

  /** Something that was said in a room; `undefined`: `as` is not allowed to see it, or it is not there. */
  async event(roomId: string, as: string, event: string): Promise<unknown> {
    const path = `${room(roomId)}/event/${encodeURIComponent(event)}`;
    try {
      return await this.#client.call({ name: "event", method: "GET", path, as });
    } catch (error) {
      if (isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND")) return undefined;
      throw error;
    }
  }

  /** The newest 100 reactions to a message. */
  reactions(roomId: string, as: string, event: string): Promise<readonly unknown[]> {
    return this.#related(roomId, as, event, "m.annotation/m.reaction");
  }

  /** The newest 100 messages that refer to another. */
  references(roomId: string, as: string, event: string): Promise<readonly unknown[]> {
    return this.#related(roomId, as, event, "m.reference/m.room.message");
  }

  async #related(roomId: string, as: string, event: string, how: string): Promise<readonly unknown[]> {
    const path = `/_matrix/client/v1/rooms/${encodeURIComponent(roomId)}/relations/${encodeURIComponent(event)}/${how}`;
    try {
      const { chunk } = await this.#client.call({ name: "relations", method: "GET", path, as, query: "&limit=100" });
      return Array.isArray(chunk) ? chunk : [];
    } catch (error) {
      if (isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND")) return [];
      throw error;
    }
  }

  /** How `whom` stands in a room, as `as` sees it, who must be in it. */
  async membership(roomId: string, as: string, whom: string): Promise<"join" | "invite" | "out"> {
    const { membership } = await this.stateOf(roomId, as, "m.room.member", whom);
    return membership === "join" || membership === "invite" ? membership : "out";
  }

  /** The content of a piece of a room's state, as `as` sees it, who must be in it; empty when there is none. */
  async stateOf(
    roomId: string,
    as: string,
    type: string,
    stateKey: string,
  ): Promise<Readonly<Record<string, unknown>>> {
    const path = `${room(roomId)}/state/${encodeURIComponent(type)}/${encodeURIComponent(stateKey)}`;
    try {
      return await this.#client.call({ name: "state", method: "GET", path, as });
    } catch (error) {
      if (isRefusal(error, "M_NOT_FOUND")) return {};
      throw error;
    }
  }

  /**
   * Gives a user a name of its own in one room, or its usual one there (`undefined`). Who is only invited comes in by it.
   * @throws MatrixRefusal `M_FORBIDDEN` for one who is neither there nor invited.
   */
  async nameInRoom(roomId: string, mxid: string, displayname: string | undefined): Promise<void> {
    const { membership, ...before } = await this.stateOf(roomId, mxid, "m.room.member", mxid);
    if (membership === "join" && before.displayname === displayname) return;
    const { avatar_url } = before;
    const content = {
      membership: "join",
      ...(displayname === undefined ? {} : { displayname }),
      ...(avatar_url === undefined ? {} : { avatar_url }),
    };
    await this.state(roomId, mxid, "m.room.member", mxid, content);
  }

  /** Ids of those who are in the room, as a member sees it. */
  async members(roomId: string, as: string): Promise<string[]> {
    const answer = await this.#client.call({
      name: "members",
      method: "GET",
      path: `${room(roomId)}/joined_members`,
      as,
    });
    const joined = answer.joined;
    return typeof joined === "object" && joined !== null ? Object.keys(joined) : [];
  }

  /** Ids of those who are asked into the room and have not answered, as a member sees them. */
  async invited(roomId: string, as: string): Promise<string[]> {
    const query = "&membership=invite";
    const { chunk } = await this.#client.call({
      name: "invited",
      method: "GET",
      path: `${room(roomId)}/members`,
      as,
      query,
    });
    const events: readonly unknown[] = Array.isArray(chunk) ? chunk : [];
    return events.flatMap((event) => {
      const key = fields(event).state_key;
      return typeof key === "string" ? [key] : [];
    });
  }

  /**
   * The newest 100 events of a room, oldest first, as a member sees them; none when the history is closed to it. Not by
   * /context: Synapse leaves out there what stands at the same depth of the room as the event that is asked for.
   */
  async latest(roomId: string, as: string): Promise<readonly unknown[]> {
    const filter = encodeURIComponent('{"lazy_load_members":true}');
    const query = `&dir=b&limit=100&filter=${filter}`;
    try {
      const answer = await this.#client.call({
        name: "messages",
        method: "GET",
        path: `${room(roomId)}/messages`,
        as,
        query,
      });
      return Array.isArray(answer.chunk) ? answer.chunk.reverse() : [];
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND")) throw error;
      return [];
    }
  }

  /** Leaves, or declines an invitation. Not being there is fine. */
  async leave(roomId: string, as: string): Promise<void> {
    try {
      await this.#client.call({ name: "leave", method: "POST", path: `${room(roomId)}/leave`, as });
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND", "M_UNKNOWN")) throw error;
    }
  }

  async state(roomId: string, as: string, type: string, stateKey: string, content: object): Promise<void> {
    const path = `${room(roomId)}/state/${encodeURIComponent(type)}/${encodeURIComponent(stateKey)}`;
    await this.#client.call({ name: "state", method: "PUT", path, as, body: content });
  }

  /** @returns the event that does it; `undefined` when the homeserver does not let this user take the event back. */
  async redact(
    roomId: string,
    as: string,
    event: string,
    why?: string,
    content: object = {},
  ): Promise<MessageId | undefined> {
    const path = `${room(roomId)}/redact/${encodeURIComponent(event)}/${transactionId(`redact ${event}`)}`;
    const body = { ...(why === undefined ? {} : { reason: why }), ...content };
    try {
      return eventId((await this.#client.call({ name: "redact", method: "PUT", path, as, body })).event_id);
    } catch (error) {
      if (isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND")) return undefined;
      throw error;
    }
  }

  async receipt(roomId: string, as: string, event: string): Promise<void> {
    const path = `${room(roomId)}/receipt/m.read/${encodeURIComponent(event)}`;
    await this.#client.call({ name: "receipt", method: "POST", path, as });
  }
}

export function eventId(value: unknown): MessageId {
  if (typeof value !== "string" || value === "") throw new HomeserverSilent("send: the answer names no event");
  return messageId(value);
}
