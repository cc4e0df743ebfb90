import { find, path, type RawXml, type XmlElement, xml } from "../../soap/xml.ts";
import { cidHex, randomHex } from "../ids.ts";
import { TICKET_FILLER } from "../ns/payloads.ts";
import type { NsSession } from "../ns/session.ts";
import { MAX_ROAMING, type Roaming, type UserTile } from "../state/profiles.ts";
import { type WebAnswer, WebError, type WebRequest } from "./server.ts";
import {
  envelope,
  faultEnvelope,
  readCall,
  type SoapCall,
  SoapFault,
  soapAction,
  unsupported,
  webTime,
} from "./soap.ts";

const OLD_ACTIONS = "http://www.msn.com/webservices/storage/w10/";
const NAMESPACES = "http://www.msn.com/webservices/storage/";
/** Parts of a profile are told apart by what stands behind the CID (source: msnp-chat §5.5). */
const PROFILE = "!106";
const EXPRESSION = "!118";
const PHOTO = "!205";

/** Roaming names, messages and pictures (source: msnp-chat §5.5). */
export function storage(request: WebRequest): WebAnswer {
  const version = soapAction(request).startsWith(OLD_ACTIONS) ? "w10" : "2008";
  const namespace = NAMESPACES + version;
  try {
    const call = readCall(request, 500);
    const operation = OPERATIONS.get(call.operation);
    if (operation === undefined) throw unsupported(call.operation);
    const result = operation(call);
    const body = xml`<${element(call.operation)} xmlns="${namespace}">${result}</${element(call.operation)}>`;
    return { status: 200, body: envelope(body, header(call.session, namespace)) };
  } catch (error) {
    if (!(error instanceof SoapFault)) throw error;
    return { status: error.status, body: faultEnvelope("", error) };
  }
}

function element(operation: string): string {
  return `${operation}Response`;
}

type Operation = (call: SoapCall) => RawXml | [];

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ["GetProfile", getProfile],
  ["UpdateProfile", updateProfile],
  [
    "CreateDocument",
    (call) => {
      keepPicture(call);
      return xml`<CreateDocumentResult>${cidHex(call.session.account.id)}${PHOTO}</CreateDocumentResult>`;
    },
  ],
  ["UpdateDocument", keepPicture],
  ["FindDocuments", findDocuments],
  // Escargot takes relations without keeping them; its profile always points at its one picture.
  ["CreateRelationships", () => []],
  ["DeleteRelationships", () => []],
]);

function header({ account, ticket }: NsSession, namespace: string): RawXml {
  return xml`<AffinityCacheHeader xmlns="${namespace}"><CacheKey>${randomHex(32)}</CacheKey></AffinityCacheHeader><StorageUserHeader xmlns="${namespace}"><Puid>0</Puid><Cid>${cidHex(account.id)}</Cid><ApplicationId>0</ApplicationId><DeviceId>0</DeviceId><IsTrustedDevice>false</IsTrustedDevice><IsStrongAuth>false</IsStrongAuth><TicketToken>t=${ticket}${TICKET_FILLER}&amp;p=</TicketToken><IsAdmin>false</IsAdmin><LanguagePreference>0</LanguagePreference><Claims /></StorageUserHeader>`;
}

function getProfile({ session }: SoapCall): RawXml {
  const { account, hub } = session;
  const { name = { text: account.name, at: hub.now() }, message } = hub.profiles.profile(account.id);
  const now = webTime(hub.now());
  const cid = cidHex(account.id);
  const tile = hub.profiles.tile(account.id);
  const base = `${hub.httpUrl()}storage/usertile/${account.id}`;
  const streams = [
    ...(tile === undefined ? [] : [stream("UserTileStatic", "UserTileStatic", `${base}/static`, tile)]),
    stream("UserTileSmall", "Named", `${base}/small`, tile),
  ];
  return xml`<GetProfileResult><ResourceID>${cid}${PROFILE}</ResourceID><DateModified>${now}</DateModified><ExpressionProfile><ResourceID>${cid}${EXPRESSION}</ResourceID><Version>205</Version><DateModified>${now}</DateModified><Photo><ResourceID>${cid}${PHOTO}</ResourceID><DocumentStreams>${streams}</DocumentStreams></Photo>${roaming("PersonalStatus", message)}${roaming("DisplayName", name)}<StaticUserTilePublicURL>${base}/static</StaticUserTilePublicURL></ExpressionProfile></GetProfileResult>`;
}

function stream(name: string, type: string, url: string, tile: UserTile | undefined): RawXml {
  const mime = tile === undefined || type === "Named" ? [] : xml`<MimeType>${tile.type}</MimeType>`;
  return xml`<DocumentStream><DocumentStreamName>${name}</DocumentStreamName>${mime}<DataSize>${tile?.data.length ?? 0}</DataSize><PreAuthURL>${url}</PreAuthURL><WriteMode>Overwrite</WriteMode><StreamDataStatus>None</StreamDataStatus><StreamStatus>None</StreamStatus><Genie>false</Genie><StreamVersion>0</StreamVersion><DocumentStreamType>${type}</DocumentStreamType><IsAliasForDefault>false</IsAliasForDefault><ExpirationDateTime>0001-01-01T00:00:00</ExpirationDateTime></DocumentStream>`;
}

function roaming(name: "PersonalStatus" | "DisplayName", value: Roaming | undefined): RawXml | [] {
  if (value === undefined || value.text === "") return [];
  const parts = { PersonalStatus: "PersonalStatusLastModified", DisplayName: "DisplayNameLastModified" };
  const [open, modified] = [name, parts[name]];
  return xml`<${open}>${value.text}</${open}><${modified}>${webTime(value.at)}</${modified}>`;
}

/** What is named is kept; what is empty or absent stays as it was, unless it stands among the parts to delete. */
function updateProfile({ action, session }: SoapCall): [] {
  const { account, hub } = session;
  const profile = find(action, "ExpressionProfile");
  if (profile === undefined) throw new WebError({ status: 500 });
  const deleted = path(find(action, "profileAttributesToDelete"), "ExpressionProfileAttributes");
  for (const [key, name] of [
    ["name", "DisplayName"],
    ["message", "PersonalStatus"],
  ] as const) {
    const text = isDeleted(deleted, name) ? "" : (find(profile, name)?.text ?? "");
    if (text.length > MAX_ROAMING) throw new WebError({ status: 500 });
    if (text !== "" || isDeleted(deleted, name)) hub.profiles.set(account.id, key, { text, at: hub.now() });
  }
  return [];
}

function isDeleted(attributes: XmlElement | undefined, name: string): boolean {
  return path(attributes, name)?.text.trim() === "true";
}

/** What is no picture is passed over. */
function keepPicture({ action, session }: SoapCall): [] {
  if (find(action, "DocumentStreamType")?.text.trim() !== "UserTileStatic") return [];
  const data = Buffer.from(find(action, "Data")?.text ?? "", "base64");
  session.hub.profiles.setTile(session.account.id, data);
  return [];
}

function findDocuments({ session }: SoapCall): RawXml {
  const id = cidHex(session.account.id) + PHOTO;
  return xml`<FindDocumentsResult><Document xsi:type="Photo"><ResourceID>${id}</ResourceID><Name>photo_msn</Name><WhenTaken>0001-01-01T00:00:00</WhenTaken></Document></FindDocumentsResult>`;
}

/** A picture for anybody who knows the account id; both sizes are the picture as it was stored (source: msnp-chat §5.5). */
export function userTile({ hub, url, strike }: WebRequest): WebAnswer {
  const [, id = ""] = /^\/storage\/usertile\/([^/]+)\/(?:static|small)$/.exec(url.pathname) ?? [];
  strike("usertile", hub.directory.byId(id)?.email);
  const tile = hub.profiles.tile(id);
  if (tile === undefined) return { status: 404 };
  return { status: 200, headers: { "Content-Type": tile.type }, body: tile.data };
}
