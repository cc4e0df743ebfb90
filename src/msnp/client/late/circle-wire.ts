import type { Email } from "../../address.ts";
import { ADDRESS_TYPE, type MultipartAddress, NEW_GROUP, rosterUri } from "../../message/multipart-address.ts";
import type { Core, Live } from "../core.ts";
import { SendError } from "../errors.ts";
import { CIRCLE_CONTENT, CIRCLE_URI, encodeRoster, MULTIPARTY_CONTENT } from "./circle-document.ts";
import { encodePublication, FIRST_SEGMENT, readEnvelope, selfAddress } from "./envelope.ts";

/** Goes into the chat of a circle or group (source: msnp21 §5.3, §5.4, T25, T31). Rejects with ServerError. */
export async function joinRoster(core: Core, live: Live, to: MultipartAddress): Promise<void> {
  const payload = encodePublication({
    to,
    from: selfAddress(core, live),
    reliability: to.type === ADDRESS_TYPE.circle ? FIRST_SEGMENT : [],
    uri: CIRCLE_URI,
    contentType: CIRCLE_CONTENT,
    body: encodeRoster(live.handle),
  });
  await live.ns.request("PUT", [], { payload });
}

/** Makes a temporary group and gives its address (source: msnp21 §5.4, T30). Rejects with ServerError or SendError. */
export async function createGroup(core: Core, live: Live): Promise<MultipartAddress> {
  const payload = encodePublication({
    to: { type: ADDRESS_TYPE.group, account: NEW_GROUP },
    from: selfAddress(core, live),
    uri: CIRCLE_URI,
    contentType: MULTIPARTY_CONTENT,
  });
  const answer = await live.ns.request("PUT", [], { payload });
  const address = readEnvelope(answer.payload)?.from;
  if (address?.type !== ADDRESS_TYPE.group) {
    throw new SendError("protocol", "not-sent", "The server did not name the group that it made");
  }
  return { type: address.type, account: address.account };
}

/** Calls somebody into a temporary group (source: msnp21 §5.4, T32). Rejects with ServerError. */
export async function inviteToGroup(core: Core, live: Live, group: MultipartAddress, email: Email): Promise<void> {
  const payload = encodePublication({
    to: { ...group, path: "IM" },
    from: selfAddress(core, live),
    uri: CIRCLE_URI,
    contentType: MULTIPARTY_CONTENT,
    body: encodeRoster(email),
  });
  await live.ns.request("PUT", [], { payload });
}

/** Leaves a temporary group, or declines to come (source: msnp21 §5.4, T36). Rejects with ServerError. */
export async function leaveGroup(core: Core, live: Live, group: MultipartAddress): Promise<void> {
  const payload = encodePublication({
    to: group,
    from: selfAddress(core, live),
    uri: rosterUri({ type: ADDRESS_TYPE.live, account: live.handle }),
    contentType: CIRCLE_CONTENT,
  });
  await live.ns.request("DEL", [], { payload });
}
