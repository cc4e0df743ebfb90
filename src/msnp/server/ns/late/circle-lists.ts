import { childrenOf, type XmlElement } from "../../../soap/xml.ts";
import { CIRCLE_PREFIX, type Circle } from "../../state/circles.ts";
import { BL } from "../../state/lists.ts";
import type { NsSession } from "../session.ts";

/** Hide, which stands for blocking (source: msnp21 §2.6). */
const HIDE = 64;
const CIRCLE = "9";

/** Whether a list of ADL or RML is one of circles, which it then is as a whole (source: msnp-chat §6.2). */
export function isCircleList(root: XmlElement): boolean {
  const [first] = childrenOf(root, "d");
  return childrenOf(first, "c").some(({ attributes }) => attributes.t === CIRCLE);
}

/** What is wrong with a list of circles: the error number, and whether it ends the connection. */
export interface CircleListFault {
  readonly code: number;
  readonly fatal: boolean;
}

interface Entry {
  readonly circle: Circle;
  readonly blocks: boolean;
  readonly joins: boolean;
}

/** Reads and carries out `ADL` and `RML` of circles; all is checked before anything is done (source: msnp-chat §6.2). */
export function changeCircleList(
  session: NsSession,
  root: XmlElement,
  command: "ADL" | "RML",
): CircleListFault | undefined {
  const domains = childrenOf(root, "d");
  const elements = childrenOf(domains[0], "c");
  const isPure = domains.length === 1 && elements.every(({ attributes }) => attributes.t === CIRCLE);
  if (!isPure || domains[0]?.attributes.n !== "live.com") return { code: 241, fatal: true };
  const refusal = { code: 933, fatal: false };
  if (!session.circles.authenticated) return refusal;
  const entries = elements.map((element) => readEntry(session, element));
  if (command === "RML") return entries.includes(undefined) ? refusal : undefined;
  const known = entries.filter((entry) => entry !== undefined);
  const mayJoin = known.every(({ circle }) => circle.isAccepted(session.account));
  if (known.length < entries.length || !mayJoin) return refusal;
  // Contacts come first; without them publications to circles fail later on (source: msnp21 §2.6).
  if (session.listsReported) session.circles.reported = true;
  for (const entry of known) report(session, entry);
  return undefined;
}

function readEntry({ hub, dialect }: NsSession, element: XmlElement): Entry | undefined {
  const { n: id = "", l: own } = element.attributes;
  const service = childrenOf(element, "s").find(({ attributes }) => attributes.n === "IM");
  const mask = Number((dialect.multipart ? service?.attributes.l : undefined) ?? own ?? 0);
  const circle = id.startsWith(CIRCLE_PREFIX) ? hub.circles.get(id) : undefined;
  if (circle === undefined || !Number.isInteger(mask)) return undefined;
  return { circle, blocks: (mask & (dialect.multipart ? HIDE | BL : BL)) !== 0, joins: (mask & 3) !== 0 };
}

function report(session: NsSession, { circle, blocks, joins }: Entry): void {
  const { gatherings } = session.hub;
  if (joins) {
    if (!blocks) gatherings.setBlocking(session, circle, false);
    gatherings.enter(session, circle);
  }
  if (blocks) gatherings.setBlocking(session, circle, true);
}
