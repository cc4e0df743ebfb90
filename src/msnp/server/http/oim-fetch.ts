import { childrenOf, find, path, type RawXml, textAt, type XmlElement, xml } from "../../soap/xml.ts";
import { deletedMailNotice, mailMetadata } from "../mail-data.ts";
import type { NsSession } from "../ns/session.ts";
import { offlineMime } from "../offline-mime.ts";
import { type WebAnswer, WebError, type WebRequest } from "./server.ts";
import { actionOf, callerOf, envelope, faultEnvelope, followRedirect, readDocument, unsupported } from "./soap.ts";

const NAMESPACE = "http://www.hotmail.msn.com/ws/2004/09/oim/rsi";
const TOKEN_LENGTH = 20;

/** RSI: the waiting messages are listed, read and deleted (source: msnp-chat §5.6.2). */
export function offlineFetch(request: WebRequest): WebAnswer {
  const root = readDocument(request);
  const action = actionOf(request, root);
  const token = find(root, "PassportCookie")?.children[0];
  if (token?.name !== "t") throw new WebError({ status: 500 });
  // The token stands here without its `t=`; with it nobody is found, as on Escargot.
  const session = callerOf(request, token.text.trim().slice(0, TOKEN_LENGTH).replace(/^t=/, ""));
  const fault = request.strike(action.name, session?.account.email);
  followRedirect(fault);
  if (fault?.kind === "soap-fault") return refusal(request, fault.code);
  if (fault !== undefined || session === undefined) return refusal(request);
  switch (action.name) {
    case "GetMetadata":
      return metadata(session);
    case "GetMessage":
      return message(session, action);
    case "DeleteMessages":
      return deletion(request, session, action);
    default:
      return { status: 200, body: faultEnvelope(action.name, unsupported(action.name)) };
  }
}

function success(body: RawXml): WebAnswer {
  return { status: 200, body: envelope(body) };
}

function refusal({ hub }: WebRequest, text = "Schema validation error"): WebAnswer {
  const body = envelope(
    xml`<soap:Fault><faultcode>soap:Client</faultcode><faultstring>${text}</faultstring><faultactor>${hub.httpUrl()}rsi/rsi.asmx</faultactor><detail /></soap:Fault>`,
  );
  return { status: 500, body };
}

/** Escargot writes the list as text (source: msnp-chat §5.6.2). */
function metadata({ account, hub }: NsSession): WebAnswer {
  const list = mailMetadata(hub.offline.list(account.email), hub.quirks.exactMailData);
  const content = hub.quirks.exactMailData ? list : list.source;
  return success(xml`<GetMetadataResponse xmlns="${NAMESPACE}">${content}</GetMetadataResponse>`);
}

/** A message that is not there is a bare 500. */
function message({ account, hub }: NsSession, action: XmlElement): WebAnswer {
  const id = textAt(action, "messageId") ?? "";
  const found = hub.offline.get(account.email, id);
  if (found === undefined) throw new WebError({ status: 500 });
  if (textAt(action, "alsoMarkAsRead") === "true") hub.offline.markRead(account.email, id);
  const mime = offlineMime(found, hub.quirks.exactMailData);
  return success(
    xml`<GetMessageResponse xmlns="${NAMESPACE}"><GetMessageResult>${mime}</GetMessageResult></GetMessageResponse>`,
  );
}

/** All of them or, when one is not there, none. */
function deletion(request: WebRequest, session: NsSession, action: XmlElement): WebAnswer {
  const { account, hub } = session;
  const ids = childrenOf(path(action, "messageIds"), "messageId").map((id) => id.text.trim());
  if (ids.length === 0 || ids.some((id) => hub.offline.get(account.email, id) === undefined)) return refusal(request);
  for (const id of ids) hub.offline.delete(account.email, id);
  session.mailNotice(deletedMailNotice(ids.length));
  return success(xml`<DeleteMessagesResponse xmlns="${NAMESPACE}" />`);
}
