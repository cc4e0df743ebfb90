/** What people send besides words, named in a line: here it cannot be had, but that it was sent can be told. Pure. */
import { oneLine } from "../../bridge/plain.ts";
import { type MessageBody, type Offer, type OfferKind, offerIn, offerInFields } from "../../msnp/index.ts";

/** Characters of a name that somebody gave to what they send, and of a content type. */
const LONGEST_NAME = 100;

/** What programs tell each other, and what the network says itself: nothing for people (source: msnp-chat §2.0). */
const FOR_PROGRAMS =
  /^(|\(.*|text\/x-(keepalive|clientcaps|clientinfo|msmsgsprofile|msmsgscontrol|msmsgs(initial|active)?\w*notification|msmsgssystemmessage)|text\/(html|search-query)|application\/x-msnmsgrp2p|application\/x-msnmsgr-.*|.*message-type=(signal|control|data)\b.*)$/;

const OFFERS: Readonly<Record<OfferKind, string>> = {
  file: "wants to send a file, which cannot be received here",
  background: "wants to share a background picture, which cannot be received here",
  webcam: "wants to show their webcam, which cannot be seen here",
  "webcam-request": "asks to see a webcam, which cannot be shown from here",
  photos: "wants to look at photos together, which cannot be done here",
  activity: "asks to begin an activity, which cannot be done here",
  call: "is calling, which cannot be answered here",
  meeting: "asks into a NetMeeting, which cannot be had here",
  "shared-application": "wants to share a program, which cannot be done here",
  game: "asks to play a game, which cannot be done here",
  unknown: "asks for something that cannot be done here",
};

/** A line as after somebody's name: "sent a wink, which cannot be shown here"; undefined for what is not meant for people. */
export function otherLine(body: MessageBody): string | undefined {
  switch (body.kind) {
    case "ink":
      return "sent handwriting, which cannot be shown here";
    case "wink":
      return withName("sent a wink, which cannot be shown here", friendlyName(body.object));
    case "voice-clip":
      return "sent a voice clip, which cannot be played here";
    case "datacast":
      return `sent something that cannot be shown here (datacast ${body.id})`;
    case "p2p":
      return offerLine(offerIn(body.data));
    case "invite":
      return offerLine(offerInFields(body.fields));
    case "unknown":
      return unknownLine(body.contentType);
    default:
      return undefined;
  }
}

function offerLine(offer: Offer | undefined): string | undefined {
  if (offer === undefined) return undefined;
  const line = withName(OFFERS[offer.kind], offer.name);
  return offer.size === undefined ? line : `${line} (${offer.size} bytes)`;
}

function unknownLine(contentType: string): string | undefined {
  const shown = oneLine(contentType, LONGEST_NAME);
  if (FOR_PROGRAMS.test(contentType) || shown === "") return undefined;
  return `sent something that cannot be shown here (${shown})`;
}

function withName(line: string, name = ""): string {
  const shown = oneLine(name, LONGEST_NAME);
  return shown === "" ? line : `${line}: “${shown}”`;
}

/** How an MSN object is called: base64 of UTF-16 (source: msnp-chat §4.1). */
function friendlyName(object: string): string | undefined {
  const encoded = /\bFriendly="([\w+/=]{1,1000})"/.exec(object)?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString("utf16le").replace(/\0+$/, "");
}
