import { createHash } from "node:crypto";
import type { BridgeError } from "../../bridge/errors.ts";
import type { ResidentId } from "../../bridge/model.ts";
import type { IntakeItem } from "../../bridge/ports/home.ts";
import { batchOf } from "../convert/heard.ts";
import type { IntakeSpool } from "../intake.ts";
import type { Spoken } from "../recall.ts";
import { readMessage } from "../stanza/message.ts";
import type { RoomMessage } from "./room-words.ts";

export interface Taken {
  /** Under which name it is stored once. */
  readonly id: string;
  readonly resident: ResidentId;
  readonly items: () => Promise<readonly IntakeItem[]>;
  /** It is not stored, for good. */
  readonly stored?: () => void;
  readonly refused: (why: BridgeError) => void;
}

/**
 * Has something stored; resolves when it is, or never will be. A server that counts may forget the stanza then.
 * @throws BridgeError `store-down` when it could not be stored before the end: it has to come again.
 */
export async function take(spool: IntakeSpool, { id, resident, items, stored, refused }: Taken): Promise<void> {
  const done = Promise.withResolvers<void>();
  spool.put({
    id,
    resident,
    items,
    stored: () => {
      stored?.();
      done.resolve();
    },
    refused: (why) => {
      if (why.code === "store-down") {
        done.reject(why);
        return;
      }
      refused(why);
      done.resolve();
    },
  });
  await done.promise;
}

/** The name of a message in a room: the room's own, which is the same live, in its history and in its archive. */
export function batchInRoom({ room, stanzaId, stanza }: RoomMessage): string {
  const message = readMessage(stanza);
  if (stanzaId === undefined && message !== undefined) return batchOf(message);
  return createHash("sha256").update(`${room}\n${stanzaId}`).digest("base64url");
}

/** What a message of ours is called by, and where. */
export function spokenIn({ room, nick, id, stanzaId }: RoomMessage): Spoken {
  return { chat: room, speaker: nick, names: [id, stanzaId] };
}

/** What a message is called by beside its own id. */
export function namesOf({ stanzaId }: RoomMessage): string[] {
  return stanzaId === undefined ? [] : [stanzaId];
}
