/** What the config says of an ordinary XMPP account, as the XMPP side wants it. */
import { readFileSync } from "node:fs";
import { BridgeError } from "../bridge/errors.ts";
import { type NetworkName, residentId } from "../bridge/model.ts";
import type { XmppClientConfig } from "../config/xmpp.ts";
import { type ClientAccount, parseBareJid, type RelayRoom, XMPP } from "../xmpp/index.ts";

/** @throws BridgeError `bad-input` when the file of the authority cannot be read. */
export function accountOf({ jid, password, host, port, tls, caFile }: XmppClientConfig): ClientAccount {
  return {
    jid: parseBareJid(jid),
    password,
    tls,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(caFile === undefined ? {} : { ca: readAuthority(caFile) }),
  };
}

/** @param main the network of contacts that are named without one */
export function relaysOf({ relays }: XmppClientConfig, main: NetworkName): RelayRoom[] {
  return relays.map(({ room, nick, password, owner, network = main, contact }) => ({
    room: parseBareJid(room),
    resident: residentId(XMPP, parseBareJid(owner)),
    ghost: { network, contact },
    ...(nick === undefined ? {} : { nick }),
    ...(password === undefined ? {} : { password }),
  }));
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown";
    throw new BridgeError("bad-input", { detail: `xmpp.client.caFile: ${file} cannot be read (${why})` });
  }
}
