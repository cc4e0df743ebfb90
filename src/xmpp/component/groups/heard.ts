/** What people say in a group's room, as it is stored. */
import { deletionNote } from "../../../bridge/text/quote.ts";
import type { By, Room, RoomWords } from "../../conference/index.ts";
import {
  ASIDE,
  allStoredOf,
  commandOf,
  isToBridge,
  type StoredWords,
  unrelated,
  wasToBridge,
} from "../../convert/heard.ts";
import { plainWords, type Stored } from "../../convert/stored.ts";
import type { BareJid } from "../../jid.ts";
import { readMessage } from "../../stanza/message.ts";
import { isNotice, viaIn } from "../../stanza/via.ts";
import type { XmlElement } from "../../stanza/xml.ts";
import type { Remembered, RoomMemory } from "./memory.ts";

export interface SaidInRoom {
  readonly by: By;
  readonly words: RoomWords;
  readonly stanza: XmlElement;
  readonly stanzaId: string;
}

/** Characters of what is quoted. */
const QUOTED = 500;

/**
 * What is stored of it, in the order in which it goes to the network; what it says is remembered. Empty: nothing is said in
 * it that anybody else could hear.
 */
export function heardInRoom(room: Room, said: SaidInRoom, memory: RoomMemory, gateway: BareJid): Stored[] {
  const { by, words, stanza, stanzaId } = said;
  if (isNotice(stanza)) return [];
  const base = { from: by.from, to: room.jid, room: room.jid, ...viaIn(stanza) };
  const named = (i: number) => ({ as: i === 0 ? stanzaId : `${stanzaId}-${i}` });
  if (words.reacts !== undefined) {
    const { to, emoji } = words.reacts;
    return reactions(room, by, to, emoji, memory).map((one, i) => ({ ...base, ...named(i), ...one }));
  }
  const message = readMessage(stanza);
  if (message === undefined) return [];
  if (words.retracts !== undefined) {
    const gone = memory.findOwn(room, words.retracts, by.who);
    if (gone === undefined && memory.find(room, words.retracts) !== undefined) return [];
    if (wasToBridge(gone?.text)) return [];
    const relation = { kind: "removal", target: gone?.stanzaId ?? words.retracts } as const;
    return [{ kind: "message", ...base, ...named(0), body: deletionNote(gone?.text), unstyled: true, relation }];
  }
  if (isToBridge(words.body)) {
    memory.note(room, by.who, words.id, { stanzaId, nick: by.nick ?? "", text: ASIDE });
    return [{ kind: "command", ...base, to: gateway, ...named(0), line: commandOf(`${words.body} `) }];
  }
  const all = allStoredOf(message, room.jid).map((one, i) => ({ ...one, ...base, ...named(i) }));
  const [first, ...others] = all;
  if (first?.kind !== "message") return all;
  const related = relate(room, by.who, words, first, memory);
  const text = plainWords(first);
  memory.note(room, by.who, words.id, { stanzaId, nick: by.nick ?? "", text });
  return [related, ...others];
}

type Message = StoredWords & { kind: "message" };

function relate(room: Room, who: BareJid, words: RoomWords, said: Message, memory: RoomMemory): Message {
  if (words.corrects !== undefined) {
    const before = memory.findOwn(room, words.corrects, who);
    if (!before) return said;
    // What corrects it next is compared with this.
    memory.note(room, who, words.corrects, { ...before, text: plainWords(said) });
    // Nobody has had the words that it corrects.
    if (wasToBridge(before.text)) return unrelated(said);
    return { ...said, about: before.text, relation: { kind: "edit", target: before.stanzaId } };
  }
  const answered = words.repliesTo === undefined ? undefined : memory.find(room, words.repliesTo);
  if (wasToBridge(answered?.text)) return unrelated(said);
  return answered === undefined ? said : { ...said, ...answer(answered) };
}

function answer({ nick, text, stanzaId }: Remembered) {
  const relation = { kind: "reply", target: stanzaId } as const;
  return { about: text.slice(0, QUOTED), of: nick, relation };
}

/** XEP-0444 tells all of one person's reactions to a message; told on is what is new and what is gone. */
function reactions(room: Room, { who }: By, to: string, emoji: readonly string[], memory: RoomMemory) {
  const target = memory.find(room, to, who);
  const stanzaId = target?.stanzaId ?? to;
  const [before, now] = [memory.reactions(room, who, stanzaId), [...new Set(emoji)]];
  memory.setReactions(room, who, stanzaId, now);
  if (wasToBridge(target?.text)) return [];
  const one = (key: string) => ({ kind: "reaction", target: stanzaId, text: target?.text ?? "", key }) as const;
  return [
    ...before.filter((key) => !now.includes(key)).map((key) => ({ ...one(key), removed: true as const })),
    ...now.filter((key) => !before.includes(key)).map(one),
  ];
}
