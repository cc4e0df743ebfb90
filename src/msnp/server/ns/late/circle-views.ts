import type { MsnStatus } from "../../../dialect/status.ts";
import { writeCapabilities } from "../../dialects/types.ts";
import { objectArg } from "../../line.ts";
import { type Account, looksOffline } from "../../state/account.ts";
import type { Circle } from "../../state/circles.ts";
import { personalMessageLine, statusLine } from "../presence-lines.ts";
import type { NsSession } from "../session.ts";
import { endpointAddress, notification } from "./envelopes.ts";
import { CIRCLE_DOCUMENT, propertiesDocument, rosterDocument } from "./roster.ts";
import { document, emptySections, imSection } from "./user-document.ts";

const STREAM = [["Stream", "0"]] as const;

/** How a client sees a circle (source: msnp-chat §6.4 for MSNP18, msnp21 §5.3). */
export interface CircleView {
  /** Somebody is there, or has changed. `before` is what they were; the same status is no news by itself. */
  member(viewer: NsSession, circle: Circle, subject: Account, before?: MsnStatus): void;
  /** A person who is gone, or has made themselves unseen. */
  gone(viewer: NsSession, circle: Circle, subject: Account): void;
}

const lines: CircleView = {
  member(viewer, circle, subject) {
    if (!viewer.hasStatus) return;
    viewer.send(...statusLine(viewer.dialect, viewer.account, subject).with(2, seen(subject, circle)));
    const { payload } = personalMessageLine(viewer.dialect, viewer.account, subject);
    viewer.sendPayload(["UBX", seen(subject, circle)], payload);
  },
  gone(viewer, circle, subject) {
    if (viewer.hasStatus) viewer.send("FLN", seen(subject, circle), ...viewer.dialect.offlineTail);
  },
};

/** Escargot names the owner twice, first without capabilities (source: msnp-chat §6.4). */
export function announceOwner(viewer: NsSession, circle: Circle): void {
  if (viewer.dialect.multipart || !viewer.hasStatus) return;
  const { owner } = circle;
  const none = writeCapabilities(viewer.dialect.capabilities, { capabilities: "0", extendedCapabilities: "0" });
  const object = objectArg(owner.sessions[0]?.endpoint.msnObject);
  viewer.send("NLN", owner.status, seen(owner, circle), owner.displayName, none, object);
  viewer.sendPayload(["UBX", seen(owner, circle)], personalMessageLine(viewer.dialect, viewer.account, owner).payload);
}

function seen({ email }: Account, { address }: Circle): string {
  return `1:${email};via=${address}`;
}

const documents: CircleView = {
  member(viewer, circle, subject) {
    const endpoints = subject.sessions.map(({ endpoint }) => (endpoint.guid === undefined ? "" : imSection(endpoint)));
    const body = document(`<s n="IM"><Status>${subject.status}</Status></s>${endpoints.join("")}`);
    through(viewer, "PUT", circle, subject, body);
  },
  gone(viewer, circle, subject) {
    const guids = subject.sessions.map(({ endpoint }) => endpoint.guid).filter((guid) => guid !== undefined);
    const sections = guids.map((guid) => emptySections(guid, ["IM"])).join("");
    through(viewer, "DEL", circle, subject, document(`<s n="IM"/>${sections}`));
  },
};

function through(viewer: NsSession, kind: "PUT" | "DEL", circle: Circle, subject: Account, body: string): void {
  const news = notification({
    to: `1:${viewer.account.email}`,
    from: `1:${subject.email}`,
    via: circle.address,
    number: 0,
    uri: "/user",
    type: "Partial",
    contentType: "application/user+xml",
    body,
  });
  viewer.sendPayload(["NFY", kind], news);
}

export function viewOf({ dialect }: NsSession): CircleView {
  return dialect.multipart ? documents : lines;
}

/** The whole roster, as it is after each change. */
export function showRoster(viewer: NsSession, circle: Circle, people: readonly Account[]): void {
  const late = viewer.dialect.multipart;
  const news = notification({
    to: `1:${viewer.account.email}`,
    from: circle.address,
    reliability: STREAM,
    number: late ? 0 : undefined,
    block: late ? "Notification" : "Publication",
    uri: "/circle",
    type: "Partial",
    contentType: CIRCLE_DOCUMENT,
    body: rosterDocument(people.map((account) => ({ account, pending: false }))),
  });
  viewer.sendPayload(["NFY", "PUT"], news);
}

/** Name, personal message and media of the circle. */
export function showProperties(viewer: NsSession, circle: Circle): void {
  const late = viewer.dialect.multipart;
  const news = notification({
    to: endpointAddress(viewer.account.email, viewer.endpoint.guid),
    from: circle.address,
    reliability: late
      ? STREAM
      : [
          ["Stream", "1"],
          ["Segment", "0"],
        ],
    number: late ? 0 : undefined,
    block: late ? "Notification" : "Publication",
    uri: "/circle",
    type: "Full",
    contentType: CIRCLE_DOCUMENT,
    body: propertiesDocument(circle),
  });
  viewer.sendPayload(["NFY", "PUT"], news);
}

/** The circle is there: it is new at MSNP18, and reachable at MSNP21 (source: msnp21 §5.3). */
export function showCircle(viewer: NsSession, circle: Circle): void {
  const news = notification({
    to: endpointAddress(viewer.account.email, viewer.endpoint.guid),
    from: circle.address,
    reliability: STREAM,
    number: 0,
    uri: "/circle",
    type: "Full",
    contentType: CIRCLE_DOCUMENT,
  });
  viewer.sendPayload(["NFY", "PUT"], news);
}

/** Somebody has left the circle for good, or the chat of it. */
export function showLeft(viewer: NsSession, circle: Circle, subject: Account): void {
  const news = notification({
    to: `1:${viewer.account.email}`,
    from: circle.address,
    reliability: STREAM,
    number: 2,
    uri: `/circle/roster(IM)/user(1:${subject.email})`,
    type: "Partial",
    contentType: CIRCLE_DOCUMENT,
  });
  viewer.sendPayload(["NFY", "DEL"], news);
}

/** Whether somebody is to be seen in a circle by others. */
export function isSeen(circle: Circle, account: Account): boolean {
  return !looksOffline(account.status) && circle.membership(account)?.blocking !== true;
}
