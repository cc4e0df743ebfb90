import { BridgeError } from "../../bridge/errors.ts";
import { pause } from "../../bridge/waiting.ts";
import { domainOf, type Jid, parseJid, readJid } from "../jid.ts";
import { StanzaRefusal } from "../link/requests.ts";
import { type ComponentService, ComponentStream } from "../link/stream.ts";
import { type Grants, readGrants } from "../stanza/privilege.ts";
import { el, NS, type XmlElement } from "../stanza/xml.ts";
import { Asker } from "./asker.ts";

const UPLOAD = "urn:xmpp:http:upload:0";
/** Servers tell what they grant right after connecting. */
const GRANTS_MS = 1500;

export interface ComponentSurvey {
  /** What servers grant (XEP-0356), by their domains. */
  readonly grants: ReadonlyMap<string, Grants>;
  /** The server's software (XEP-0092); `undefined`: it does not say. */
  readonly software: { readonly name: string; readonly version: string } | undefined;
  /** Whether anybody answers under the server's domain. */
  readonly knowsServer: boolean;
  /** The upload service (XEP-0363), and why it would not take a file of the bridge. */
  readonly upload: { readonly jid: string; readonly refusal: string | undefined } | undefined;
}

/**
 * Connects the component once, looks around from there and closes again; for tools.
 * @param server domain of the server whose people are to be served
 * @throws StreamFailure with what is wrong, in words for the operator.
 */
export async function surveyComponent(service: ComponentService, server: string): Promise<ComponentSurvey> {
  const grants = new Map<string, Grants>();
  const granted = Promise.withResolvers<void>();
  const hear = (stanza: XmlElement): void => {
    const told = stanza.name === "message" ? readGrants(stanza) : undefined;
    const from = told && readJid(stanza.attrs.from);
    if (told === undefined || from === undefined) {
      asker.heard(stanza);
      return;
    }
    grants.set(domainOf(from), told);
    if (domainOf(from) === server) granted.resolve();
  };
  const stream = await ComponentStream.open(service, { element: hear, closed: () => granted.resolve() });
  const asker = new Asker((stanza) => stream.write(stanza), parseJid(service.domain));
  try {
    const domain = parseJid(server);
    const [software, knowsServer, upload] = await Promise.all([
      softwareOf(asker, domain),
      answers(asker, domain),
      findUpload(asker, domain),
      Promise.race([granted.promise, pause(GRANTS_MS)]),
    ]);
    return { grants, software, knowsServer, upload };
  } finally {
    await stream.close();
  }
}

/** A server that is there answers, if only that it knows no pings; for one that is not, somebody else refuses. */
async function answers(asker: Asker, server: Jid): Promise<boolean> {
  try {
    await asker.ask(server, "get", el("ping", { xmlns: NS.ping }));
    return true;
  } catch (error) {
    if (error instanceof BridgeError) return false;
    if (!(error instanceof StanzaRefusal)) throw error;
    return ["service-unavailable", "feature-not-implemented"].includes(error.condition);
  }
}

async function softwareOf(asker: Asker, server: Jid): Promise<ComponentSurvey["software"]> {
  const answer = await asker.askLoosely(server, "get", el("query", { xmlns: NS.version }));
  const query = answer?.getChild("query", NS.version);
  if (query === undefined) return undefined;
  return { name: query.getChildText("name") ?? "", version: query.getChildText("version") ?? "" };
}

/** Whether it would take a file is known only by asking for a place for one; nothing is put there. */
async function findUpload(asker: Asker, server: Jid): Promise<ComponentSurvey["upload"]> {
  const found = await asker.service(server, ({ features }) => features.has(UPLOAD));
  const jid = readJid(found?.jid);
  if (jid === undefined) return undefined;
  const file = { xmlns: UPLOAD, filename: "check.txt", size: "1", "content-type": "text/plain" };
  try {
    await asker.ask(jid, "get", el("request", file));
    return { jid, refusal: undefined };
  } catch (error) {
    if (error instanceof StanzaRefusal || error instanceof BridgeError) return { jid, refusal: error.message };
    throw error;
  }
}
