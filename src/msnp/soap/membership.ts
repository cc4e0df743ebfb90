import { type Email, NETWORK, type NetworkId, toEmail } from "../address.ts";
import { SoapError, type SoapOperation } from "./service.ts";
import { child, findAll, path, textAt, type XmlElement, xml } from "./xml.ts";

export type MemberRole = "Allow" | "Block" | "Reverse" | "Pending";

/** Somebody on one of the lists that the sharing service keeps. */
export interface Member {
  readonly role: MemberRole;
  readonly email: Email;
  readonly network: NetworkId;
  readonly displayName?: string;
  /** Such as `Allow/uuid`. */
  readonly membershipId?: string;
}

const ROLES: ReadonlySet<string> = new Set(["Allow", "Block", "Reverse", "Pending"]);

export const FIND_MEMBERSHIP: SoapOperation = {
  operation: "FindMembership",
  body: xml`<serviceFilter><Types><ServiceType>Messenger</ServiceType></Types></serviceFilter>`,
};

/**
 * Reads FindMembershipResponse; phones, circles and deleted members are left out (source: msnp-chat §5.3).
 * An answer without a result is none, and not empty lists: throws SoapError `protocol`.
 */
export function parseMembership(response: XmlElement): Member[] {
  const result = child(response, "FindMembershipResult");
  if (result === undefined || result.children.length === 0) {
    throw new SoapError("protocol", "The sharing service's answer holds no memberships");
  }
  const members: Member[] = [];
  for (const service of findAll(response, "Service")) {
    const type = textAt(service, "Info", "Handle", "Type");
    if (type !== undefined && type !== "Messenger") continue;
    for (const membership of findAll(path(service, "Memberships"), "Membership")) {
      const role = textAt(membership, "MemberRole") ?? "";
      if (!isRole(role)) continue;
      for (const element of findAll(membership, "Member")) {
        const member = parseMember(role, element);
        if (member !== undefined) members.push(member);
      }
    }
  }
  return members;
}

function isRole(role: string): role is MemberRole {
  return ROLES.has(role);
}

function parseMember(role: MemberRole, element: XmlElement): Member | undefined {
  if (textAt(element, "Deleted") === "true") return undefined;
  const passport = toEmail(textAt(element, "PassportName") ?? "");
  const email = passport ?? toEmail(textAt(element, "Email") ?? "");
  if (email === undefined) return undefined;
  const displayName = textAt(element, "DisplayName");
  const membershipId = textAt(element, "MembershipId");
  return {
    role,
    email,
    network: passport === undefined ? NETWORK.yahoo : NETWORK.messenger,
    ...(displayName !== undefined && displayName !== "" && { displayName }),
    ...(membershipId !== undefined && membershipId !== "" && { membershipId }),
  };
}
