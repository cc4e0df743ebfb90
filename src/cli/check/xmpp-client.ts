/**
 * The XMPP account, where the bridge is an ordinary one: whether it can sign in, whether a broken connection is taken up
 * again, and where its chats and relays would be. It signs in beside a bridge that runs, and disturbs nobody.
 */
import { BridgeError } from "../../bridge/errors.ts";
import type { XmppClientConfig } from "../../config/xmpp.ts";
import { type AccountSurvey, parseBareJid, StreamFailure, surveyAccount } from "../../xmpp/index.ts";
import { accountOf } from "../xmpp-account.ts";
import { type Finding, fail, ok, warn } from "./report.ts";

const SUBJECT = "XMPP";

export async function checkXmppClient(config: XmppClientConfig): Promise<Finding[]> {
  const { mucService, relays } = config;
  const rooms = relays.map(({ room }) => parseBareJid(room));
  try {
    const survey = await surveyAccount(accountOf(config), {
      rooms,
      ...(mucService === undefined ? {} : { mucService }),
    });
    const { host, port } = survey.where;
    return [
      ok(SUBJECT, `${config.jid} is signed in at ${host}:${port}, encrypted`),
      resumption(survey),
      roomService(config, survey),
      ...(config.personal ? [bookmarks(config, survey)] : []),
      ...relays.map((relay) => relayRoom(relay, survey)),
    ];
  } catch (error) {
    if (error instanceof BridgeError)
      return [fail(SUBJECT, error.context.detail ?? error.message, "Correct the section xmpp.client.")];
    if (!(error instanceof StreamFailure)) throw error;
    return [fail(SUBJECT, error.message, fixFor(error, config))];
  }
}

function resumption({ counts, resumes }: AccountSurvey): Finding {
  const subject = "XMPP: broken connections";
  if (resumes) return ok(subject, "the server keeps the session and says what it has (XEP-0198)");
  const lacks = counts ? "does not keep a session that broke off" : "has no stream management (XEP-0198)";
  return warn(
    subject,
    `the server ${lacks}: after each break the account enters its rooms anew and looks in their archives for what it missed`,
    "Switch it on at the server (Prosody: smacks, ejabberd: mod_stream_mgmt), or live with people seeing it leave and come.",
  );
}

function roomService({ mucService, domain }: XmppClientConfig, { muc }: AccountSurvey): Finding {
  const subject = "XMPP: rooms";
  if (muc !== undefined) return ok(subject, `chats are made at ${muc}`);
  if (mucService !== undefined)
    return fail(
      subject,
      `${mucService} is no service for rooms, or cannot be reached`,
      "Correct xmpp.client.mucService, or leave it out: then the account's server is asked.",
    );
  return fail(
    subject,
    `${domain} names no service for rooms (XEP-0045), without which there are no chats`,
    "Name one of another server in xmpp.client.mucService, or add one (Prosody: muc, ejabberd: mod_muc).",
  );
}

function bookmarks({ jid }: XmppClientConfig, { pep }: AccountSurvey): Finding {
  const subject = "XMPP: bookmarks";
  if (pep) return ok(subject, `chats open by themselves on the other clients of ${jid}`);
  return warn(
    subject,
    `${jid} has no nodes of its own (PEP, XEP-0163) for bookmarks: chats are entered by invitation on each client`,
    "Switch it on at the server (Prosody: pep, ejabberd: mod_pubsub with the plugin pep).",
  );
}

function relayRoom({ room, password }: XmppClientConfig["relays"][number], { rooms }: AccountSurvey): Finding {
  const subject = `XMPP: relay ${room}`;
  const features = rooms.get(parseBareJid(room));
  if (features === undefined)
    return warn(
      subject,
      "there is no such room, or it hides",
      "If its name is another, correct xmpp.client.relays. If there is none, the bridge makes it.",
    );
  if (features.has("muc_passwordprotected") && password === undefined)
    return fail(subject, "it wants a password", "Write it into xmpp.client.relays, as password beside the room.");
  if (features.has("muc_membersonly"))
    return warn(subject, "it lets in members only", "If the account is none yet: make it one.");
  return ok(subject, "the room is there");
}

function fixFor({ condition, kind }: StreamFailure, { host, caFile, domain }: XmppClientConfig): string {
  if (condition === "not-authorized")
    return "Correct xmpp.client.jid or its password (xmpp.client.password or passwordFile).";
  if (condition === "host-unknown") return "Correct xmpp.client.jid, or xmpp.client.host.";
  if (kind === "refused") {
    const own = caFile === undefined ? "name its authority in xmpp.client.caFile" : `is ${caFile} its authority?`;
    return `The server must offer TLS with a certificate for ${domain}, and SCRAM. For a certificate of your own: ${own}`;
  }
  const said =
    host === undefined ? "set xmpp.client.host and port, if DNS does not say" : "correct xmpp.client.host and port";
  return `Is the server there? If so, ${said} where it takes clients in.`;
}
