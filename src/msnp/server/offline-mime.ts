import type { OfflineMessage } from "./state/offline.ts";

/** What Microsoft's store wrote into every message; it means nothing to clients (source: msnp-chat §5.6.2). */
const MESSAGE_INFO = "cwRBnLifKNE8dVZlNj6AiX8142B67OTjG9BFMLMyzuui1H4Xx7m3NQ==";
const STORE = "OIM-SSI02.phx.gbl";
const MESSAGE_ID = `<OIM-SSI02zDv60gxapz00061a8b@${STORE}>`;
/** Between 1601, where Windows begins to count, and 1970. */
const FILETIME_EPOCH_MS = 11_644_473_600_000;

/** A name for a mail header: base64 of UTF-8, whatever is in it (source: msnp-chat §10). */
export function encodeName(name: string): string {
  return `=?utf-8?B?${Buffer.from(name.toWellFormed()).toString("base64")}?=`;
}

/**
 * The stored message as GetMessage gives it, with CRLF (source: msnp-chat §5.6.2). Escargot keeps whole seconds and
 * always writes the winter offset beside the clock of California; `exact` is as Microsoft's store had it.
 */
export function offlineMime(message: OfflineMessage, exact: boolean): string {
  const at = exact ? message.at : Math.floor(message.at / 1000) * 1000;
  const california = clockOf(at, exact);
  const lines = [
    `X-Message-Info: ${MESSAGE_INFO}`,
    `Received: from ${STORE} ([65.54.237.206]) by oim1-f1.hotmail.com with Microsoft SMTPSVC(6.0.3790.211);`,
    `\t ${california.weekday}, ${california.text}`,
    `Received: from mail pickup service by ${STORE} with Microsoft SMTPSVC;`,
    `\t ${california.weekday}, ${california.text}`,
    `From: ${message.fromName === undefined ? "" : `${encodeName(message.fromName)} `}<${message.from}>`,
    `To: ${message.to}`,
    "Subject: ",
    `X-OIM-originatingSource: ${message.origin ?? ""}`,
    `X-OIMProxy: ${message.proxy ?? "MSNMSGR"}`,
    ...(message.headers ?? usualHeaders(message)).map(([name, value]) => `${name}: ${value}`),
    `Message-ID: ${MESSAGE_ID}`,
    `X-OriginalArrivalTime: ${arrival(at)} (UTC) FILETIME=[${fileTime(at)}]`,
    `Date: ${california.text}`,
    "Return-Path: ndr@oim.messenger.msn.com",
  ];
  return `${lines.join("\r\n")}\r\n\r\n${Buffer.from(message.text).toString("base64")}`;
}

function usualHeaders({ runId, sequence }: OfflineMessage): [name: string, value: string][] {
  return [
    ["MIME-Version", "1.0"],
    ["Content-Type", "text/plain; charset=UTF-8"],
    ["Content-Transfer-Encoding", "base64"],
    ["X-OIM-Message-Type", "OfflineMessage"],
    ["X-OIM-Run-Id", `{${runId}}`],
    ...(sequence === undefined ? [] : [["X-OIM-Sequence-Num", String(sequence)] as [string, string]]),
  ];
}

/** `29 Jul 2026 12:00:00.0000`: the UTC text is what clients go by. */
function arrival(at: number): string {
  const date = new Date(at);
  const [, day, month, year, time] = /^\w{3}, (\d\d) (\w{3}) (\d{4}) ([\d:]{8})/.exec(date.toUTCString()) ?? [];
  return `${day} ${month} ${year} ${time}.${String(date.getUTCMilliseconds()).padStart(3, "0")}0`;
}

/** Units of 100 ns since 1601 as two words, the lower one first. */
function fileTime(at: number): string {
  const ticks = (BigInt(Math.floor(at)) + BigInt(FILETIME_EPOCH_MS)) * 10_000n;
  const hex = ticks.toString(16).toUpperCase().padStart(16, "0");
  return `${hex.slice(8)}:${hex.slice(0, 8)}`;
}

const CALIFORNIA = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/Los_Angeles",
  hourCycle: "h23",
  weekday: "short",
  day: "2-digit",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "longOffset",
});

function clockOf(at: number, exact: boolean): { weekday: string; text: string } {
  const parts = new Map(CALIFORNIA.formatToParts(at).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? "";
  const offset = exact ? part("timeZoneName").replace("GMT", "").replace(":", "") : "-0800";
  const time = `${part("hour")}:${part("minute")}:${part("second")}`;
  return { weekday: part("weekday"), text: `${part("day")} ${part("month")} ${part("year")} ${time} ${offset}` };
}

/** The text of a name in a mail header; what is not encoded, or in a way that is not known, stays as it is. */
export function decodeName(text: string): string {
  const [, charset, form, data] = /^=\?([^?]{1,40})\?([BQ])\?([^?]*)\?=$/i.exec(text.trim()) ?? [];
  if (charset === undefined || form === undefined || data === undefined) return text;
  const bytes = form.toUpperCase() === "B" ? Buffer.from(data, "base64") : unquote(data);
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return text;
  }
}

function unquote(data: string): Buffer {
  const bytes = data
    .replaceAll("_", " ")
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1");
}
