import type { Endpoint } from "../state/session.ts";

function numeric(pattern: RegExp): (text: string) => string {
  return (text) => text.replace(pattern, (character) => `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`);
}

/** `< >` too, although Escargot leaves them raw here and so breaks the XML (source: msnp-core §1.4). */
export const escapeNumeric = numeric(/[&<>]/g);
/** What MSNP16 and later escape. */
export const escapeNumericAll = numeric(/[&<>=\\]/g);

/** An element with text, escaped as the newest versions have it. */
export const element = (name: string, text: string | undefined): string =>
  `<${name}>${escapeNumericAll(text ?? "")}</${name}>`;

/** The element that names the machine, if the endpoint has told it. */
export const machineGuid = (endpoint: Endpoint): string =>
  endpoint.machineGuid === undefined ? "" : element("MachineGuid", endpoint.machineGuid);
