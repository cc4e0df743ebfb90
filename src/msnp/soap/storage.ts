import type { HttpClient } from "../transport/http.ts";
import { operationElement, postSoap, responseOf, SoapError, type SoapOperation } from "./service.ts";
import { child, find, findAll, type RawXml, textAt, type XmlElement, xml } from "./xml.ts";

const NAMESPACE = "http://www.msn.com/webservices/storage/w10";
const APPLICATION = "Messenger Client 8.0";

/** The roaming profile: what an account is called and says wherever it signs in (source: msnp-chat §5.5). */
export interface RoamingProfile {
  /** `<cid>!106`; what changes are addressed to. */
  readonly resourceId: string;
  readonly displayName?: string;
  readonly personalMessage?: string;
  /** `<cid>!205`. */
  readonly photoId?: string;
  /** Where the picture is; plain GET, no ticket. */
  readonly photoUrl?: string;
}

/** A picture to be stored. */
export interface Photo {
  readonly type: string;
  readonly data: Buffer;
}

export interface StorageCall extends SoapOperation {
  readonly url: string;
  readonly scenario: string;
  readonly ticket: string;
  readonly signal?: AbortSignal | undefined;
}

/** Calls the storage service (source: msnp-chat §5.5). Throws SoapError and HttpError. */
export async function callStorage(http: HttpClient, call: StorageCall): Promise<XmlElement> {
  const header = xml`<StorageApplicationHeader xmlns="${NAMESPACE}"><ApplicationID>${APPLICATION}</ApplicationID><Scenario>${call.scenario}</Scenario></StorageApplicationHeader><StorageUserHeader xmlns="${NAMESPACE}"><Puid>0</Puid><TicketToken>${call.ticket}</TicketToken></StorageUserHeader>`;
  const answer = await postSoap(http, {
    url: call.url,
    action: `${NAMESPACE}/${call.operation}`,
    operation: call.operation,
    header,
    body: operationElement(NAMESPACE, call),
    signal: call.signal,
  });
  return responseOf(answer, call.operation);
}

/** `cid`: 16 hex digits, as in the sign-in's answer. */
export function getProfile(cid: string): SoapOperation {
  return {
    operation: "GetProfile",
    body: xml`<profileHandle><Alias><Name>${cid}</Name><NameSpace>MyCidStuff</NameSpace></Alias><RelationshipName>MyProfile</RelationshipName></profileHandle><profileAttributes><ResourceID>true</ResourceID><DateModified>true</DateModified><ExpressionProfileAttributes><ResourceID>true</ResourceID><DateModified>true</DateModified><DisplayName>true</DisplayName><DisplayNameLastModified>true</DisplayNameLastModified><PersonalStatus>true</PersonalStatus><PersonalStatusLastModified>true</PersonalStatusLastModified><StaticUserTilePublicURL>true</StaticUserTilePublicURL><Photo>true</Photo><Flags>true</Flags></ExpressionProfileAttributes></profileAttributes>`,
  };
}

/** Reads GetProfileResponse. Throws SoapError `protocol` when it holds no profile. */
export function parseProfile(response: XmlElement): RoamingProfile {
  const result = child(response, "GetProfileResult");
  const resourceId = textAt(result, "ResourceID");
  const expression = child(result, "ExpressionProfile");
  if (resourceId === undefined || resourceId === "") {
    throw new SoapError("protocol", "The storage service's answer holds no profile");
  }
  const streams = findAll(child(expression, "Photo"), "DocumentStream");
  const large = streams.find((stream) => textAt(stream, "DocumentStreamType") === "UserTileStatic") ?? streams[0];
  const photo = {
    displayName: textAt(expression, "DisplayName"),
    personalMessage: textAt(expression, "PersonalStatus"),
    photoId: textAt(expression, "Photo", "ResourceID"),
    photoUrl: textAt(large, "PreAuthURL") ?? textAt(expression, "StaticUserTilePublicURL"),
  };
  const told = Object.entries(photo).filter(([, value]) => value !== undefined && value !== "");
  return { resourceId, ...Object.fromEntries(told) };
}

/** What is given is stored; an empty personal message is cleared. */
export function updateProfile(
  resourceId: string,
  profile: { readonly displayName?: string; readonly personalMessage?: string },
): SoapOperation {
  const { displayName, personalMessage } = profile;
  const name = displayName === undefined ? [] : xml`<DisplayName>${displayName}</DisplayName>`;
  const message = personalMessage ? xml`<PersonalStatus>${personalMessage}</PersonalStatus>` : [];
  const cleared =
    personalMessage === ""
      ? xml`<profileAttributesToDelete><ExpressionProfileAttributes><PersonalStatus>true</PersonalStatus></ExpressionProfileAttributes></profileAttributesToDelete>`
      : [];
  return {
    operation: "UpdateProfile",
    body: xml`<profile><ResourceID>${resourceId}</ResourceID><ExpressionProfile><FreeText>Update</FreeText>${name}${message}<Flags>0</Flags></ExpressionProfile></profile>${cleared}`,
  };
}

/** Stores a picture beside those that are there. */
export function createPhoto(cid: string, photo: Photo): SoapOperation {
  return {
    operation: "CreateDocument",
    body: xml`<parentHandle><RelationshipName>/UserTiles</RelationshipName><Alias><Name>${cid}</Name><NameSpace>MyCidStuff</NameSpace></Alias></parentHandle><document xsi:type="Photo"><Name>photo_msn</Name><DocumentStreams>${photoStream(photo)}</DocumentStreams></document><relationshipName>Messenger User Tile</relationshipName>`,
  };
}

/** The id of a document that was stored. Throws SoapError `protocol`. */
export function parseDocumentId(response: XmlElement): string {
  const id = find(response, "CreateDocumentResult")?.text.trim();
  if (id === undefined || id === "") throw new SoapError("protocol", "The storage service named no id for what is new");
  return id;
}

/** Makes a stored picture the one of the profile. */
export function relatePhoto(profileId: string, photoId: string): SoapOperation {
  return {
    operation: "CreateRelationships",
    body: xml`<relationships><Relationship><SourceID>${profileId}</SourceID><SourceType>SubProfile</SourceType><TargetID>${photoId}</TargetID><TargetType>Photo</TargetType><RelationshipName>ProfilePhoto</RelationshipName></Relationship></relationships>`,
  };
}

/** Takes a picture off the profile. */
export function unrelatePhoto(cid: string, photoId: string): SoapOperation {
  return {
    operation: "DeleteRelationships",
    body: xml`<sourceHandle><RelationshipName>/UserTiles</RelationshipName><Alias><Name>${cid}</Name><NameSpace>MyCidStuff</NameSpace></Alias></sourceHandle><targetHandles><ObjectHandle><ResourceID>${photoId}</ResourceID></ObjectHandle></targetHandles>`,
  };
}

function photoStream({ type, data }: Photo): RawXml {
  return xml`<DocumentStream xsi:type="PhotoStream"><DocumentStreamType>UserTileStatic</DocumentStreamType><MimeType>${type}</MimeType><Data>${data.toString("base64")}</Data><DataSize>0</DataSize></DocumentStream>`;
}
