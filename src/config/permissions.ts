import type { ContactAddress } from "../bridge/model.ts";
import type { Config } from "./schema.ts";

type Permitting = Pick<Config, "permissions" | "homeserver" | "xmpp">;

/** The server of a Matrix id (`@name:server`) or of a bare JID (`name@server`). */
function serverOf(id: string): string {
  return id.startsWith("@") ? id.slice(id.indexOf(":") + 1) : id.slice(id.indexOf("@") + 1);
}

function matches(entries: readonly string[], id: string): boolean {
  return entries.some((entry) => entry === "*" || entry === id || (!entry.includes("@") && entry === serverOf(id)));
}

/** Whether a Matrix user may link an account: `permissions.link`, or people of the own server. Admins always may. */
export function mayLink(config: Permitting, mxid: string): boolean {
  const own = config.homeserver === undefined ? [] : [config.homeserver.domain];
  return matches(config.permissions.link ?? own, mxid) || isAdmin(config, mxid);
}

/** As {@link mayLink}, for a person on XMPP, by bare JID. A personal account is for its owner, and for nobody else. */
export function mayLinkByJid(config: Permitting, jid: string): boolean {
  if (config.xmpp?.mode === "client" && config.xmpp.personal) return jid === config.xmpp.jid;
  const own = config.xmpp === undefined ? [] : [config.xmpp.domain];
  return matches(config.permissions.link ?? own, jid) || isAdmin(config, jid);
}

/** By Matrix id or bare JID. */
export function isAdmin(config: Pick<Config, "permissions">, id: string): boolean {
  return matches(config.permissions.admins, id);
}

/** Whether an account, by its address and whatever its network, is one that the operator lends as a relay. */
export function isRelay(config: Pick<Config, "permissions">, address: ContactAddress): boolean {
  return config.permissions.relays.includes(address);
}
