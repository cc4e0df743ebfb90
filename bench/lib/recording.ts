import { encodeMultipart } from "../../src/msnp/message/multipart.ts";
import { encodeArg, encodeCommand, type OutgoingCommand } from "../../src/msnp/wire/index.ts";
import { generator, type Random } from "./random.ts";

/** Mixed traffic as a server sends it, the same at every call. */
export interface Recording {
  readonly commands: readonly OutgoingCommand[];
  readonly bytes: Buffer;
}

type Writer = (random: Random) => readonly OutgoingCommand[];

/** What a family of dialects sends, piece by piece; `talk` stands for the bytes of a text. */
interface Traffic {
  readonly presence: Writer;
  readonly list: Writer;
  readonly text: (random: Random, bytes: number) => OutgoingCommand;
  readonly typing: (random: Random) => OutgoingCommand;
  /** Chunks of pictures and files, from MSNP9 on. */
  readonly binary?: (random: Random) => OutgoingCommand;
  readonly answer: OutgoingCommand;
}

const NAMES = ["Anna", "Zoë ☕", "日本の友達", "🎈 party 🎈", "Bob (away till monday)", "Ünal"];
const WORDS = "lorem ipsum dolor sit amet zażółć gęślą jaźń こんにちは 😀 consectetur adipiscing elit ".repeat(40);
const GROUP = "f4f1ad3f-9a9b-4a1f-9d0e-2c1f0d9a7b11";
const EPID = "{f26d1f07-95e2-403c-bc18-d4bfed493428}";

/** A presence line with its personal message, where there are such. */
function seen(
  write: (email: string, status: string, random: Random) => OutgoingCommand,
  ubx?: (email: string) => readonly string[],
): Writer {
  return (random) => {
    const email = address(random);
    const status = ["NLN", "AWY", "BSY", "IDL"][Math.floor(random() * 4)] ?? "NLN";
    const line = write(email, status, random);
    if (ubx === undefined) return [line];
    const psm = `<Data><PSM>${WORDS.slice(0, Math.floor(random() * 120))}</PSM><CurrentMedia></CurrentMedia></Data>`;
    return [line, { name: "UBX", args: ubx(email), payload: psm }];
  };
}

const onBoards = { text, typing, binary };

/** The families, each with the lines that its server sends most (source: msnp-core §5.2, §6.3, §6.5, msnp-chat §1.5, msnp21 §3, §4). */
export const FAMILIES: Readonly<Record<string, Traffic>> = {
  "MSNP2-7": {
    presence: seen((email, status, random) => ({ name: "NLN", args: [status, email, encodeArg(name(random))] })),
    list: (random) => [{ name: "LST", args: [6, "FL", 1, 1, 150, address(random), encodeArg(name(random)), 0] }],
    text,
    typing,
    answer: { name: "QNG", args: [] },
  },
  "MSNP8-9": {
    presence: seen((email, status, random) => ({
      name: "NLN",
      args: [status, email, encodeArg(name(random)), 1073791084, msnObject(email)],
    })),
    list: (random) => [{ name: "LST", args: [address(random), encodeArg(name(random)), 11, "0,1"] }],
    ...onBoards,
    answer: { name: "QNG", args: [60] },
  },
  "MSNP10-12": {
    presence: seen(
      (email, status, random) => ({
        name: "NLN",
        args: [status, email, encodeArg(name(random)), 1073791084, msnObject(email)],
      }),
      (email) => [email],
    ),
    list: (random) => [
      { name: "LST", args: [`N=${address(random)}`, `F=${encodeArg(name(random))}`, `C=${GROUP}`, 11, 1, GROUP] },
    ],
    ...onBoards,
    answer: { name: "QNG", args: [45] },
  },
  "MSNP13-15": {
    presence: seen(
      (email, status, random) => ({
        name: "NLN",
        args: [status, email, 1, encodeArg(name(random)), 2789003324, msnObject(email)],
      }),
      (email) => [email, "1"],
    ),
    list: membership,
    ...onBoards,
    answer: { name: "QNG", args: [45] },
  },
  "MSNP16-18": {
    presence: seen(
      (email, status, random) => ({
        name: "NLN",
        args: [status, `1:${email}`, encodeArg(name(random)), "2789003324:48", msnObject(email)],
      }),
      (email) => [`1:${email}`],
    ),
    list: membership,
    ...onBoards,
    answer: { name: "QNG", args: [45] },
  },
  MSNP21: {
    presence: (random) => [notification(random)],
    list: membership,
    text: (random, bytes) => said(random, "Text", "text/plain; charset=UTF-8", fill("", bytes)),
    typing: (random) => said(random, "Control/Typing", "text/plain", Buffer.alloc(0)),
    binary: (random) => said(random, "Data", "application/x-msnmsgrp2p", noise(random, 1254)),
    answer: { name: "QNG", args: [45] },
  },
};

/**
 * At least so many bytes of a family's traffic: presence bursts, list entries, texts of 100 to 1 600 bytes with raw UTF-8,
 * typing, binary chunks of 1 250 bytes and more.
 */
export function makeRecording(atLeastBytes: number, family: string): Recording {
  const traffic = FAMILIES[family];
  if (traffic === undefined) throw new Error(`there is no family ${family}`);
  const random = generator(20_070_718);
  const commands: OutgoingCommand[] = [];
  const parts: Buffer[] = [];
  let size = 0;
  const add = (command: OutgoingCommand): void => {
    const bytes = encodeCommand(command);
    commands.push(command);
    parts.push(bytes);
    size += bytes.length;
  };
  while (size < atLeastBytes) {
    for (let i = 0; i < 12; i++) for (const command of traffic.presence(random)) add(command);
    for (let i = 0; i < 8; i++) for (const command of traffic.list(random)) add(command);
    for (let i = 0; i < 16; i++) add(traffic.text(random, 100 + Math.floor(random() * 1500)));
    for (let i = 0; i < 4; i++) add(traffic.typing(random));
    for (let i = 0; i < 8 && traffic.binary; i++) add(traffic.binary(random));
    add(traffic.answer);
  }
  return { commands, bytes: Buffer.concat(parts) };
}

function msnObject(email: string): string {
  return encodeArg(
    `<msnobj Creator="${email}" Type="3" SHA1D="K3k5kG3mVyvJsyhVjOVCEnjZxqk=" Size="8192" Location="TFR2C.tmp" Friendly="AAA="/>`,
  );
}

/** Somebody has added the account. */
function membership(random: Random): OutgoingCommand[] {
  const [user, domain] = address(random).split("@");
  const payload = `<ml><d n="${domain}"><c n="${user}" t="1" l="8" f="${encodeArg(name(random))}" /></d></ml>`;
  return [{ name: "ADL", args: [0], payload }];
}

function text(random: Random, bytes: number): OutgoingCommand {
  const head =
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Arial; EF=; CO=0\r\n\r\n";
  return { name: "MSG", args: [address(random), encodeArg(name(random))], payload: fill(head, bytes) };
}

function typing(random: Random): OutgoingCommand {
  const email = address(random);
  const payload = `MIME-Version: 1.0\r\nContent-Type: text/x-msmsgscontrol\r\nTypingUser: ${email}\r\n\r\n\r\n`;
  return { name: "MSG", args: [email, encodeArg(name(random))], payload };
}

function binary(random: Random): OutgoingCommand {
  const email = address(random);
  const head = `MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: ${email}\r\n\r\n`;
  const payload = Buffer.concat([Buffer.from(head), noise(random, 48 + 1202 + 4)]);
  return { name: "MSG", args: [email, encodeArg(name(random))], payload };
}

/** A message of the late protocol, from somebody to the account. */
function said(random: Random, type: string, contentType: string, body: Buffer): OutgoingCommand {
  const payload = encodeMultipart({
    routing: [
      ["Routing", "1.0"],
      ["To", "1:alice@example.com"],
      ["From", `1:${address(random)};epid=${EPID}`],
      ["Service-Channel", "IM/Online"],
    ],
    reliability: [["Reliability", "1.0"]],
    content: [
      ["Messaging", "2.0"],
      ["Message-Type", type],
      ["Content-Type", contentType],
      ["Content-Length", String(body.length)],
    ],
    body,
  });
  return { name: "SDG", args: [0], payload };
}

/** Presence of the late protocol: a document. */
function notification(random: Random): OutgoingCommand {
  const email = address(random);
  const psm = WORDS.slice(0, Math.floor(random() * 120));
  const body = Buffer.from(
    `<user><s n="IM"><Status>AWY</Status><CurrentMedia></CurrentMedia></s><s n="PE"><UserTileLocation>${msnObject(email)}</UserTileLocation><FriendlyName>${name(random)}</FriendlyName><PSM>${psm}</PSM></s><sep n="IM" epid="${EPID}"><Capabilities>2952823072:2558662528</Capabilities></sep></user>`,
  );
  const payload = encodeMultipart({
    routing: [
      ["Routing", "1.0"],
      ["To", "1:alice@example.com"],
      ["From", `1:${email}`],
    ],
    reliability: [["Reliability", "1.0"]],
    content: [
      ["Notification", "1.0"],
      ["NotifNum", "0"],
      ["Uri", "/user"],
      ["NotifType", "Partial"],
      ["Content-Type", "application/user+xml"],
      ["Content-Length", String(body.length)],
    ],
    body,
  });
  return { name: "NFY", args: ["PUT"], payload };
}

function noise(random: Random, bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, () => Math.floor(random() * 256)));
}

/** Words after the head up to so many bytes, cut between characters. */
function fill(head: string, bytes: number): Buffer {
  const whole = Buffer.from(head + WORDS);
  let end = Math.min(whole.length, bytes);
  while (end > 0 && ((whole[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return whole.subarray(0, end);
}

function address(random: Random): string {
  return `person${Math.floor(random() * 1e6)}@example.com`;
}

function name(random: Random): string {
  return NAMES[Math.floor(random() * NAMES.length)] ?? "Anna";
}

/** Cuts bytes in pieces whose sizes come round in turn. */
export function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? bytes.length;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
