import { xml } from "../../soap/xml.ts";
import type { ListFault } from "../state/lists.ts";
import { ADDRESS_BOOK_NAMESPACE, SoapFault } from "./soap.ts";

/** Faults of the list services by what went wrong; their texts are Microsoft's (source: msnp-chat §5.7). */
const FAULTS: Readonly<Record<ListFault, readonly [code: string, text: string]>> = {
  "no-such-account": ["ContactDoesNotExist", "Contact Does Not Exist "],
  "list-full": ["QuotaLimitReached", "Quota Limit Reached "],
  "already-on-list": ["ContactAlreadyExists", "Contact Already Exists "],
  "not-on-list": ["ContactDoesNotExist", "Contact Does Not Exist "],
  "no-such-group": ["GroupDoesNotExist", "Group Does Not Exist "],
  "group-exists": ["GroupAlreadyExists", "Group Already Exists "],
  "group-name-too-long": ["BadArgumentLength", "Argument Exceeded Allowed Length GroupName exceeded length"],
  "too-many-groups": ["QuotaLimitReached", "Quota Limit Reached "],
};

export function faultOf(fault: ListFault): SoapFault {
  const [code, text] = FAULTS[fault];
  return fault === "group-name-too-long" ? tooLong("GroupName") : new SoapFault(code, text);
}

/** An argument is longer than allowed. */
export function tooLong(parameter: string): SoapFault {
  const detail = xml`<parameterFault xmlns="${ADDRESS_BOOK_NAMESPACE}">${parameter}</parameterFault>`;
  const text = `Argument Exceeded Allowed Length ${parameter} exceeded length`;
  return new SoapFault("BadArgumentLength", text, 500, detail);
}

/** The address lacks one of its two marks. */
export function badAddress(missing: "@" | "."): SoapFault {
  return new SoapFault("BadEmailArgument", `Malformed email Argument Email missing '${missing}' character`);
}

export function noSuchUser(email: string): SoapFault {
  return new SoapFault("InvalidPassportUser", `The Passport user specified is invalid SignInName: ${email}`);
}
