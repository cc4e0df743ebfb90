/** What people may do in a room, by what it is tied to. Pure. */
import type { GroupId, GroupKind } from "../../../bridge/groups/model.ts";
import type { RoomConfig, RoomKind, Rules } from "../../conference/index.ts";

/** What a room is to the bridge. */
export interface Tie {
  /** Absent: it is tied to no group any more, and the people's own. */
  readonly group?: GroupId;
  readonly kind: GroupKind;
  /** The people's own, and tied to a group. */
  readonly plumbed: boolean;
}

/** Whatever is in it: messages wait for nothing but the store, however long that is away. */
const SAY_MS = 24 * 3600_000;
/** A group has as many as the core keeps. */
const MOST = 1100;

/** What is the people's own business. */
const OWN: Partial<Rules> = {
  say: "free",
  subject: "free",
  "invite-person": "free",
  "kick-person": "free",
  "ban-person": "free",
  "rank-person": "free",
  configure: "free",
  destroy: "free",
  "private-ghost": "free",
};

export function kindOf(tie: Tie, gateway: string): RoomKind {
  const { rules, fixed } = rulesOf(tie, gateway);
  return { rules, fixed, limits: { sayMs: SAY_MS, occupants: MOST, members: 2 * MOST } };
}

export function rulesOf(tie: Tie, gateway: string): { rules: Partial<Rules>; fixed: readonly (keyof RoomConfig)[] } {
  if (tie.group === undefined) {
    const refused = `This room is tied to no group on MSN. Say \`bridge\` to ${gateway} to tie it to one.`;
    return { rules: { ...OWN, "invite-ghost": { refused } }, fixed: [] };
  }
  const kept = "This room belongs to a group on MSN.";
  if (tie.plumbed) {
    const asked = { say: "ask", subject: "ask", ...ofGhosts(tie.kind) } as const;
    return {
      rules: {
        ...OWN,
        ...asked,
        destroy: { refused: `${kept} Say \`unbridge\` to ${gateway} first if you no longer want it to.` },
      },
      fixed: [],
    };
  }
  // People without a place in the group may be asked in, and put out again; whoever has one is in by that.
  const rules: Partial<Rules> = {
    ...ofGhosts(tie.kind),
    "private-ghost": "free",
    "invite-person": "free",
    destroy: {
      refused: `${kept} \`portal delete\`, said to ${gateway}, ends it for all who are in it; \`leave\` takes you out.`,
    },
  };
  const fixed = ["membersOnly", "whois", "listed", "allowInvites", "logged"] as const;
  return { rules, fixed: tie.kind === "several" ? [...fixed, "name"] : fixed };
}

/** Why nobody is put out, or ranked otherwise, who is in a room by being in the group. */
export const IN_GROUP =
  "They are here because they are in the group on MSN, and stand as they do there; who wants to leave it says `leave` to the gateway.";

/** Why nobody runs a room who is in it as somebody's guest. */
export const NOT_IN_GROUP =
  "They are not in the group on MSN: they may be in this room as long as those who are want it, but not run it.";

/** Conversations have nobody who runs them (msnp-core §5). */
function ofGhosts(kind: GroupKind): Partial<Rules> {
  if (kind === "circle") return {};
  const kick = "Nobody can be put out of a conversation on MSN; they can only leave it.";
  const rank = "A conversation on MSN has no ranks: everybody in it may do the same.";
  return { "kick-ghost": { refused: kick }, "ban-ghost": { refused: kick }, "rank-ghost": { refused: rank } };
}
