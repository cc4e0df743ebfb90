/** Who may do what to whom (XEP-0045 §5, §8 to §10). Pure. */
import type { Affiliation, Role } from "./types.ts";

const HEIGHT: Readonly<Record<Affiliation, number>> = { outcast: -1, none: 0, member: 1, admin: 2, owner: 3 };

export const AFFILIATIONS = Object.keys(HEIGHT) as Affiliation[];
export const ROLES: readonly Role[] = ["moderator", "participant", "visitor", "none"];

export interface Rank {
  readonly affiliation: Affiliation;
  readonly role: Role;
}

/** Admin or owner. */
export const isAdmin = (affiliation: Affiliation): boolean => HEIGHT[affiliation] >= HEIGHT.admin;
export const isMember = (affiliation: Affiliation): boolean => HEIGHT[affiliation] >= HEIGHT.member;

/** The role that comes with an affiliation on entering (XEP-0045 §5.1.2), in a room where everybody may speak. */
export function entryRole(affiliation: Affiliation): Role {
  if (affiliation === "outcast") return "none";
  return isAdmin(affiliation) ? "moderator" : "participant";
}

/** The condition that refuses it; `undefined`: it may be done. */
type Verdict = "forbidden" | "not-allowed" | undefined;

/** Kicks (`none`), voice and moderators (XEP-0045 §8.2 to §8.4, §9.6, §9.7). */
export function mayChangeRole(actor: Rank, target: Rank, role: Role): Verdict {
  if (actor.role !== "moderator") return "forbidden";
  const makesModerators = role === "moderator" || target.role === "moderator";
  if (makesModerators && role !== "none" && !isAdmin(actor.affiliation)) return "forbidden";
  if (actor.affiliation === "owner") return isAdmin(target.affiliation) && role !== "none" ? "not-allowed" : undefined;
  if (isAdmin(target.affiliation)) return "not-allowed";
  return target.role === "moderator" && !isAdmin(actor.affiliation) ? "not-allowed" : undefined;
}

/** XEP-0045 §9.1 to §9.4, §10.3 to §10.7: owners everything; admins what lies below them. */
export function mayChangeAffiliation(actor: Affiliation, target: Affiliation, to: Affiliation): Verdict {
  if (actor === "owner") return undefined;
  if (actor !== "admin") return "forbidden";
  return isAdmin(target) || isAdmin(to) ? "not-allowed" : undefined;
}
