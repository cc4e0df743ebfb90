import type { Config } from "./schema.ts";

function matches(entries: readonly string[], mxid: string): boolean {
  const server = mxid.slice(mxid.indexOf(":") + 1);
  return entries.some((entry) => entry === "*" || entry === mxid || (!entry.startsWith("@") && entry === server));
}

/** Whether a Matrix user may link an account: `permissions.link`, or people of the own server. Admins always may. */
export function mayLink(config: Pick<Config, "permissions" | "homeserver">, mxid: string): boolean {
  return matches(config.permissions.link ?? [config.homeserver.domain], mxid) || isAdmin(config, mxid);
}

export function isAdmin(config: Pick<Config, "permissions">, mxid: string): boolean {
  return matches(config.permissions.admins, mxid);
}
