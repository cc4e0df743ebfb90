import { RawXml, xml } from "../soap/xml.ts";
import { encodeName, offlineMime } from "./offline-mime.ts";
import type { OfflineMessage } from "./state/offline.ts";

/** The most messages that the mailbox notice lists; with more it says `too-large` (source: msnp-chat §5.6.1). */
const MAX_LISTED = 25;
const STORED_FOLDER = "00000000-0000-0000-0000-000000000009";
const FRESH_FOLDER = ".!!OIM";
const DELETED_FOLDER = ".!!trAsH";

const COUNTS = new RawXml("<E><I>0</I><IU>0</IU><O>0</O><OU>0</OU></E>");
const QUOTA = new RawXml("<Q><QTM>409600</QTM><QNM>204800</QNM></Q>");

function notice(type: string, ...fields: readonly string[]): string {
  return ["MIME-Version: 1.0", `Content-Type: text/x-${type}; charset=UTF-8`, "", ...fields, ""].join("\r\n");
}

/** The mailbox as it is after the first CHG (source: msnp-core §7.1). */
export function initialMailNotice(messages: readonly OfflineMessage[], exact: boolean): string {
  const tooLarge = messages.length > MAX_LISTED;
  const listed = tooLarge ? "too-large" : xml`<MD>${COUNTS}${QUOTA}${messages.map((one) => stored(one, exact))}</MD>`;
  return notice("msmsgsinitialmdatanotification", `Mail-Data: ${listed}`);
}

/** A message that was just left (source: msnp-core §7.1). */
export function newMailNotice(message: OfflineMessage, exact: boolean): string {
  return notice("msmsgsoimnotification", `Mail-Data: ${xml`<MD>${fresh(message, exact)}</MD>`}`);
}

/** So many messages were deleted (source: msnp-core §7.1). */
export function deletedMailNotice(count: number): string {
  const fields = [`Src-Folder: ${FRESH_FOLDER}`, `Dest-Folder: ${DELETED_FOLDER}`, `Message-Delta: ${count}`];
  return notice("msmsgsactivemailnotification", ...fields);
}

/** All that waits, for GetMetadata (source: msnp-chat §5.6.2). */
export function mailMetadata(messages: readonly OfflineMessage[], exact: boolean): RawXml {
  return xml`<MD>${QUOTA}${messages.map((one) => stored(one, exact))}</MD>`;
}

const SUBJECT = new RawXml("<SU> </SU>");

function stored(message: OfflineMessage, exact: boolean): RawXml {
  const name = message.fromName === undefined ? "" : encodeName(message.fromName);
  return xml`<M><T>11</T><S>6</S>${received(message)}<RS>${exact && message.read ? 1 : 0}</RS>${facts(message, exact, STORED_FOLDER, name)}${exact ? SUBJECT : []}</M>`;
}

/** Escargot leaves the time out, puts a blank into the name and the subject behind the message. */
function fresh(message: OfflineMessage, exact: boolean): RawXml {
  const name = message.fromName === undefined ? "" : encodeName(message.fromName);
  if (exact) {
    return xml`<M><T>11</T><S>6</S>${received(message)}<RS>0</RS>${facts(message, exact, FRESH_FOLDER, name)}${SUBJECT}</M>`;
  }
  const blank = name.replace(/\?=$/, " ?=");
  return xml`<M><T>11</T><S>6</S><RS>0</RS>${facts(message, exact, FRESH_FOLDER, blank)}</M>${SUBJECT}`;
}

function received({ at }: OfflineMessage): RawXml {
  return xml`<RT>${`${new Date(at).toISOString().slice(0, 19)}Z`}</RT>`;
}

function facts(message: OfflineMessage, exact: boolean, folder: string, name: string): RawXml {
  const size = offlineMime(message, exact).length;
  return xml`<SZ>${size}</SZ><E>${message.from}</E><I>${message.id}</I><F>${folder}</F><N>${name}</N>`;
}
