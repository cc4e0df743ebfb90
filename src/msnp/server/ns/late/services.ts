import { childrenOf, type XmlElement } from "../../../soap/xml.ts";
import { AL, BL, FL } from "../../state/lists.ts";

/** Hide: appear offline to this person; it replaces blocking (source: msnp21 §2.6). */
const HIDE = 64;

/**
 * The lists that an entry of ADL or RML names by its services, of which only messaging counts here; NaN for masks that
 * do not exist, such as the old one of blocking. Old forms with the mask on the entry itself are read, too.
 */
export function rolesOf(element: XmlElement): number {
  const services = childrenOf(element, "s");
  const messaging = services.find(({ attributes }) => attributes.n === "IM");
  const mask = Number(messaging?.attributes.l ?? (services.length > 0 ? 0 : element.attributes.l));
  if (!Number.isInteger(mask) || mask < 0 || mask > 0x7f || (mask & BL) !== 0) return Number.NaN;
  return (mask & (FL | AL)) | ((mask & HIDE) === 0 ? 0 : BL);
}
