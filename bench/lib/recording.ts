import { encodeArg, encodeCommand, type OutgoingCommand } from "../../src/msnp/wire/index.ts";

/** Mixed traffic as a server sends it, the same at every call. */
export interface Recording {
  readonly commands: readonly OutgoingCommand[];
  readonly bytes: Buffer;
}

const NAMES = ["Anna", "Zoë ☕", "日本の友達", "🎈 party 🎈", "Bob (away till monday)", "Ünal"];
const WORDS = "lorem ipsum dolor sit amet zażółć gęślą jaźń こんにちは 😀 consectetur adipiscing elit ".repeat(40);
const CAPABILITIES = "2789003324:48";

/**
 * At least so many bytes of: presence bursts (NLN with its UBX), list entries, texts of 100 to 1 600 bytes with raw UTF-8,
 * typing, binary P2P chunks of 1 202 bytes and more (source: msnp-core §6.3, §6.5, §5.2; msnp-chat §1.5).
 */
export function makeRecording(atLeastBytes: number): Recording {
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
    for (let i = 0; i < 12; i++) for (const command of presence(random)) add(command);
    for (let i = 0; i < 8; i++) add(listEntry(random));
    for (let i = 0; i < 16; i++) add(text(random, 100 + Math.floor(random() * 1500)));
    for (let i = 0; i < 4; i++) add(typing(random));
    for (let i = 0; i < 8; i++) add(binary(random));
    add({ name: "QNG", args: [45] });
  }
  return { commands, bytes: Buffer.concat(parts) };
}

function presence(random: () => number): OutgoingCommand[] {
  const email = address(random);
  const status = ["NLN", "AWY", "BSY", "IDL"][Math.floor(random() * 4)] ?? "NLN";
  const psm = `<Data><PSM>${WORDS.slice(0, Math.floor(random() * 120))}</PSM><CurrentMedia></CurrentMedia><MachineGuid>{F26D1F07-95E2-403C-BC18-D4BFED493428}</MachineGuid></Data>`;
  return [
    { name: "NLN", args: [status, `1:${email}`, encodeArg(name(random)), CAPABILITIES, msnObject(email)] },
    { name: "UBX", args: [`1:${email}`], payload: psm },
  ];
}

function msnObject(email: string): string {
  return encodeArg(
    `<msnobj Creator="${email}" Type="3" SHA1D="K3k5kG3mVyvJsyhVjOVCEnjZxqk=" Size="8192" Location="TFR2C.tmp" Friendly="AAA="/>`,
  );
}

function listEntry(random: () => number): OutgoingCommand {
  const id = "f4f1ad3f-9a9b-4a1f-9d0e-2c1f0d9a7b11";
  return { name: "LST", args: [`N=${address(random)}`, `F=${encodeArg(name(random))}`, `C=${id}`, 11, 1, id] };
}

function text(random: () => number, bytes: number): OutgoingCommand {
  const head =
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nX-MMS-IM-Format: FN=Arial; EF=; CO=0\r\n\r\n";
  return { name: "MSG", args: [address(random), encodeArg(name(random))], payload: fill(head, bytes) };
}

function typing(random: () => number): OutgoingCommand {
  const email = address(random);
  const payload = `MIME-Version: 1.0\r\nContent-Type: text/x-msmsgscontrol\r\nTypingUser: ${email}\r\n\r\n\r\n`;
  return { name: "MSG", args: [email, encodeArg(name(random))], payload };
}

function binary(random: () => number): OutgoingCommand {
  const email = address(random);
  const head = `MIME-Version: 1.0\r\nContent-Type: application/x-msnmsgrp2p\r\nP2P-Dest: ${email}\r\n\r\n`;
  const body = Buffer.from(Array.from({ length: 48 + 1202 + 4 }, () => Math.floor(random() * 256)));
  return { name: "MSG", args: [email, encodeArg(name(random))], payload: Buffer.concat([Buffer.from(head), body]) };
}

/** Words after the head up to so many bytes, cut between characters. */
function fill(head: string, bytes: number): Buffer {
  const whole = Buffer.from(head + WORDS);
  let end = Math.min(whole.length, bytes);
  while (end > 0 && ((whole[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return whole.subarray(0, end);
}

function address(random: () => number): string {
  return `person${Math.floor(random() * 1e6)}@example.com`;
}

function name(random: () => number): string {
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

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
