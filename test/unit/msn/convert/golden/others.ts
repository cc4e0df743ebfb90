import { otherLine } from "../../../../../src/msn/convert/others.ts";
import { readEnvelope } from "../../../../../src/msnp/client/late/envelope.ts";
import { decodeSdg } from "../../../../../src/msnp/client/late/sdg-content.ts";
import { decodeMessage } from "../../../../../src/msnp/message/index.ts";
import type { OneWayTable } from "../../../../support/golden.ts";

/** A message as it stands on the wire. */
export interface WireThing {
  readonly payload: Buffer;
  /** By SDG, not on a switchboard. */
  readonly isLate?: true;
  readonly shown: string;
}

const mime = (type: string, body: string | Buffer, shown: string): WireThing => ({
  payload: Buffer.concat([Buffer.from(`MIME-Version: 1.0\r\nContent-Type: ${type}\r\n\r\n`), Buffer.from(body)]),
  shown,
});

const datacast = (body: string, shown: string): WireThing => mime("text/x-msnmsgr-datacast", `${body}\r\n\r\n`, shown);

const invitation = (fields: string, shown: string): WireThing =>
  mime("text/x-msmsgsinvite; charset=UTF-8", `${fields.replaceAll("\n", "\r\n")}\r\n\r\n`, shown);

const late = (type: string, body: string, shown: string, more = ""): WireThing => ({
  payload: Buffer.from(
    `Routing: 1.0\r\nTo: 1:a@b.test\r\nFrom: 1:c@d.test\r\n\r\nReliability: 1.0\r\n\r\nMessaging: 2.0\r\n${more}Message-Type: ${type}\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  ),
  isLate: true,
  shown,
});

/** A request in the first packet of a transfer (source: msnp-chat §3.2, §3.4). */
export function slp(guid: string, context: Buffer, headerBytes = 48, type = "sessionreqbody"): Buffer {
  const body = `EUF-GUID: {${guid}}\r\nSessionID: 180646677\r\nAppID: 2\r\nContext: ${context.toString("base64")}\r\n\r\n\0`;
  const request = `INVITE MSNMSGR:a@b.test MSNSLP/1.0\r\nTo: <msnmsgr:a@b.test>\r\nFrom: <msnmsgr:c@d.test>\r\nVia: MSNSLP/1.0/TLP ;branch={CDE28DAF-B67C-4B2D-8186-D3F46EEF0916}\r\nCSeq: 0 \r\nCall-ID: {F87327A8-741F-4FEF-AB63-45D06F51A0C2}\r\nMax-Forwards: 0\r\nContent-Type: application/x-msnmsgr-${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  return Buffer.concat([Buffer.alloc(headerBytes), Buffer.from(request).subarray(0, 1202), Buffer.alloc(4)]);
}

/** What a file's offer tells of it (source: msnp-chat §3.6). */
export function fileContext(name: string, size: number, kind = 1): Buffer {
  const context = Buffer.alloc(638);
  context.writeUInt32LE(638, 0);
  context.writeUInt32LE(3, 4);
  context.writeBigUInt64LE(BigInt(size), 8);
  context.writeUInt32LE(kind, 16);
  context.write(name, 20, 520, "utf16le");
  return context;
}

const p2p = (packet: Buffer, shown: string): WireThing => mime("application/x-msnmsgrp2p", packet, shown);

const FILE = "5D3E02AB-6190-11D3-BBBB-00C04F795683";
const NOTHING = Buffer.alloc(0);

/** What the bridge says after somebody's name for what is no text. */
function told({ payload, isLate }: WireThing): string | undefined {
  if (!isLate) return otherLine(decodeMessage(payload));
  const received = readEnvelope(payload);
  const [body] = received === undefined ? [] : decodeSdg(received);
  return body && otherLine(body);
}

export const MSN_OTHERS: OneWayTable<WireThing> = {
  title: "What is no text on MSN",
  about: "other kinds",
  from: "MSN",
  loss: "what was sent stays on MSN; here it is named in a line",
  convert: told,
  showFrom: ({ shown }) => shown,
  cases: [
    {
      name: "handwriting as a picture",
      from: mime("image/gif", "base64:R0lGODlh", "image/gif"),
      to: "sent handwriting, which cannot be shown here",
    },
    {
      name: "handwriting as strokes",
      from: mime("application/x-ms-ink", "base64:AKgEHQ==", "application/x-ms-ink"),
      to: "sent handwriting, which cannot be shown here",
    },
    {
      name: "a wink",
      from: datacast('ID: 2\r\nData: <msnobj Type="8" Friendly="AAA="/>', "datacast 2"),
      to: "sent a wink, which cannot be shown here",
    },
    {
      name: "a wink with a name",
      from: datacast('ID: 2\r\nData: <msnobj Type="8" Friendly="RgByAG8AZwA="/>', "datacast 2 (Frog)"),
      to: "sent a wink, which cannot be shown here: “Frog”",
    },
    {
      name: "a wink at MSNP21",
      from: late("Wink", '<msnobj Friendly="RgByAG8AZwAAAA=="/>\t', "Wink (Frog)"),
      to: "sent a wink, which cannot be shown here: “Frog”",
    },
    {
      name: "a voice clip",
      from: datacast('ID: 3\r\nData: <msnobj Type="11"/>', "datacast 3"),
      to: "sent a voice clip, which cannot be played here",
    },
    {
      name: "a datacast that nobody knows",
      from: datacast("ID: 7\r\nData: what?", "datacast 7"),
      to: "sent something that cannot be shown here (datacast 7)",
    },
    {
      name: "a file of old",
      from: invitation(
        `Application-Name: File Transfer\nApplication-GUID: {${FILE.toLowerCase()}}\nInvitation-Command: INVITE\nInvitation-Cookie: 33267\nApplication-File: readme.txt\nApplication-FileSize: 11`,
        "x-msmsgsinvite: File Transfer",
      ),
      to: "wants to send a file, which cannot be received here: “readme.txt” (11 bytes)",
    },
    {
      name: "an answer to such an offer",
      from: invitation("Invitation-Command: ACCEPT\nInvitation-Cookie: 33267", "x-msmsgsinvite: ACCEPT"),
      to: undefined,
    },
    {
      name: "an offer that is called off",
      from: invitation("Invitation-Command: CANCEL\nCancel-Code: TIMEOUT", "x-msmsgsinvite: CANCEL"),
      to: undefined,
    },
    {
      name: "a call",
      from: invitation(
        "Application-Name: an Audio conversation\nApplication-GUID: {02D3C01F-BF30-4825-A83A-DE7AF41648AA}\nInvitation-Command: INVITE",
        "x-msmsgsinvite: audio",
      ),
      to: "is calling, which cannot be answered here: “an Audio conversation”",
    },
    {
      name: "NetMeeting",
      from: invitation(
        "Application-GUID: {44BBA842-CC51-11CF-AAFA-00AA00B6015C}\nInvitation-Command: INVITE",
        "x-msmsgsinvite: NetMeeting",
      ),
      to: "asks into a NetMeeting, which cannot be had here",
    },
    {
      name: "a shared program",
      from: invitation(
        "Application-GUID: {F1B1920C-6A3C-4ce7-B18C-AFAB305FD03D}\nInvitation-Command: INVITE",
        "x-msmsgsinvite: application sharing",
      ),
      to: "wants to share a program, which cannot be done here",
    },
    {
      name: "a game",
      from: invitation(
        "Application-Name: Baldur's Gate 2\nApplication-GUID: {8DAE4336-2B71-11D4-9A6C-006067325E47}\nInvitation-Command: INVITE",
        "x-msmsgsinvite: Baldur's Gate 2",
      ),
      to: "asks to play a game, which cannot be done here: “Baldur's Gate 2”",
    },
    {
      name: "an offer of something that nobody knows",
      from: invitation(
        "Application-Name: Minesweeper\u202E Flags\nInvitation-Command: INVITE",
        "x-msmsgsinvite: Minesweeper Flags",
      ),
      to: "asks for something that cannot be done here: “Minesweeper Flags”",
    },
    {
      name: "a file",
      from: p2p(slp(FILE, fileContext("cat é.jpg", 123456)), "MSNSLP INVITE: file"),
      to: "wants to send a file, which cannot be received here: “cat é.jpg” (123456 bytes)",
    },
    {
      name: "a file, by the second version of transfers",
      from: p2p(slp(FILE, fileContext("b.zip", 5), 20), "MSNSLP INVITE: file (P2Pv2)"),
      to: "wants to send a file, which cannot be received here: “b.zip” (5 bytes)",
    },
    {
      name: "a file of which nothing is told",
      from: p2p(slp(FILE, NOTHING), "MSNSLP INVITE: file without a context"),
      to: "wants to send a file, which cannot be received here",
    },
    {
      name: "a background picture",
      from: p2p(slp(FILE, fileContext("sea.jpg", 9, 4)), "MSNSLP INVITE: background"),
      to: "wants to share a background picture, which cannot be received here",
    },
    {
      name: "a webcam",
      from: p2p(slp("4BD96FC0-AB17-4425-A14A-439185962DC8", NOTHING), "MSNSLP INVITE: webcam"),
      to: "wants to show their webcam, which cannot be seen here",
    },
    {
      name: "somebody who wants to see a webcam",
      from: p2p(slp("1C9AA97E-9C05-4583-A3BD-908A196F1E92", NOTHING), "MSNSLP INVITE: webcam, asked for"),
      to: "asks to see a webcam, which cannot be shown from here",
    },
    {
      name: "photos",
      from: p2p(slp("41D3E74E-04A2-4B37-96F8-08ACDB610874", NOTHING), "MSNSLP INVITE: photos"),
      to: "wants to look at photos together, which cannot be done here",
    },
    {
      name: "an activity",
      from: p2p(
        slp("6A13AF9C-5308-4F35-923A-67E8DDA40C2F", Buffer.from("99991065;1;Tic Tac Toe", "utf16le")),
        "MSNSLP INVITE: activity",
      ),
      to: "asks to begin an activity, which cannot be done here: “Tic Tac Toe”",
    },
    {
      name: "a display picture that a program asks for",
      from: p2p(slp("A4268EEC-FEC5-49E5-95C3-F126696BDBF6", NOTHING), "MSNSLP INVITE: MSN object"),
      to: undefined,
    },
    {
      name: "the second request of a transfer",
      from: p2p(slp(FILE, NOTHING, 48, "transreqbody"), "MSNSLP INVITE: transport"),
      to: undefined,
    },
    { name: "a packet of a transfer", from: p2p(Buffer.alloc(1250, 0x41), "P2P data"), to: undefined },
    {
      name: "a content type that nobody knows",
      from: mime("application/x-poem", "ode", "application/x-poem"),
      to: "sent something that cannot be shown here (application/x-poem)",
    },
    {
      name: "a message type that nobody knows, at MSNP21",
      from: late("Ink", "AKgEHQ==", "Ink"),
      to: "sent something that cannot be shown here (text/plain; message-type=ink)",
    },
    {
      name: "what a program is",
      from: mime("text/x-clientcaps", "Client-Name: Demo\r\n", "text/x-clientcaps"),
      to: undefined,
    },
    { name: "a sign of life", from: mime("text/x-keepalive", "", "text/x-keepalive"), to: undefined },
    {
      name: "that somebody types",
      from: mime("text/x-msmsgscontrol\r\nTypingUser: c@d.test", "\r\n", "text/x-msmsgscontrol"),
      to: undefined,
    },
    { name: "a signal of a program, at MSNP21", from: late("Signal/Turn", "?", "Signal/Turn"), to: undefined },
    {
      name: "a control message that nobody knows",
      from: late("Control", "", "Control/Odd", "Message-Subtype: Odd\r\n"),
      to: undefined,
    },
    {
      name: "what the network says itself",
      from: mime("text/x-msmsgssystemmessage", "Type: 1\r\n", "text/x-msmsgssystemmessage"),
      to: undefined,
    },
    { name: "bytes without headers", from: { payload: Buffer.from([0, 1, 2]), shown: "bytes" }, to: undefined },
  ],
};
