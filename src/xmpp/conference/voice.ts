/** Who may only listen asks to speak, and those who run the room decide (XEP-0045 §7.13, §8.6). Pure but for the room's state. */
import { jidParts, readJid } from "../jid.ts";
import { type Field, form } from "../stanza/form.ts";
import { el } from "../stanza/xml.ts";
import { MUC_NS, no } from "./build.ts";
import type { RoomRequest } from "./read.ts";
import { seated } from "./speaking.ts";
import { deny, type Out, type Proposal, type RoomState } from "./state.ts";

/** To every moderator, as a form that they send back. */
export function askForVoice(room: RoomState, request: RoomRequest<"voice">, out: Out, now: number): void {
  const seat = seated(room, request, now);
  if (seat.role !== "visitor") deny(no.sense("You may speak here."));
  room.refuseOutright("voice-person");
  const fields: Field[] = [
    { name: "FORM_TYPE", type: "hidden", value: MUC_NS.request },
    { name: "muc#role", type: "text-single", label: "Requested role", value: "participant" },
    { name: "muc#jid", type: "text-single", label: "Address", value: request.from },
    { name: "muc#roomnick", type: "text-single", label: "Name in the room", value: seat.nick },
    { name: "muc#request_allow", type: "boolean", label: "Let them speak?", value: "0" },
  ];
  const asked = form("Somebody asks to speak", `${seat.nick} may only listen, and asks to speak.`, fields);
  const moderators = [...room.seats].filter(({ role, clients }) => role === "moderator" && clients.size > 0);
  if (moderators.length === 0) deny(no.room("Nobody is here who could let you speak."));
  for (const { clients } of moderators)
    for (const to of clients.keys()) out.send(el("message", { from: room.jid, to, id: room.newId() }, asked));
}

/** A moderator's answer; `undefined`: they stay silent. */
export function answerVoice(room: RoomState, request: RoomRequest<"grant-voice">, now: number): Proposal | undefined {
  const moderator = seated(room, request, now);
  if (moderator.role !== "moderator") deny(no.forbidden("Only moderators let others speak."));
  if (!request.isAllowed) return undefined;
  const asker = readJid(request.asker);
  const seat =
    asker === undefined || jidParts(asker).resource === undefined
      ? room.seats.named(request.askerNick ?? "")
      : room.seats.at(asker);
  if (!seat) deny(no.such("They are not in this room any more."));
  if (seat.role !== "visitor") return undefined;
  const { who, isGhost } = seat;
  const by = room.by(request);
  const change = { act: "voice", who, isGhost, role: "participant", reason: "" } as const;
  return { acts: ["voice-person"], event: () => ({ kind: "changed", by, changes: [change] }) };
}
