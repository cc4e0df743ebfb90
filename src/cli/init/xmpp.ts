/** What `init` writes into the config for XMPP, and what the operator does at the XMPP server. Pure. */
import { randomBytes } from "node:crypto";

export interface XmppAnswer {
  /** The bridge's own domain. */
  readonly component: string;
  /** The server's. */
  readonly domain: string;
  readonly secret: string;
}

/** `component` is a name below the server's own: `msn.example.org`. */
export function xmppAnswer(component: string): XmppAnswer {
  return { component, domain: component.slice(component.indexOf(".") + 1), secret: randomBytes(24).toString("hex") };
}

/** What is wrong with the form of it; undefined: nothing. */
export function componentFault(component: string): string | undefined {
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(component)
    ? undefined
    : "a component's domain looks like msn.example.org: a name of its own below that of the XMPP server";
}

/** For Prosody 0.12 and later; mod_privilege is one of the community modules (Debian: prosody-modules). */
export function prosodySnippet({ component, domain, secret }: XmppAnswer): { host: string; components: string } {
  return {
    host: `VirtualHost "${domain}"
  modules_enabled = { "privilege" }
  privileged_entities = {
    ["${component}"] = {
      roster = "both", message = "outgoing", presence = "managed_entity",
      iq = { ["urn:xmpp:blocking"] = "both" },
    },
  }`,
    components: `Component "${component}"
  component_secret = "${secret}"
  modules_enabled = { "privilege" }

Component "upload.${domain}" "http_file_share"
  http_file_share_access = { "${domain}", "${component}" }
  http_file_share_daily_quota = 1024 * 1024 * 1024`,
  };
}

/** For ejabberd; before 23.10 it takes the component and does less by privilege. */
export function ejabberdSnippet({ component, secret }: XmppAnswer): string {
  return `listen:
  - port: 5347
    ip: "127.0.0.1"
    module: ejabberd_service
    access: all
    hosts:
      ${component}:
        password: "${secret}"
modules:
  mod_privilege:
    roster: { both: msnbridge }
    message: { outgoing: msnbridge }
    presence: { managed_entity: msnbridge }
  mod_http_upload:
    access: msnbridge_upload
acl:
  msnbridge: { server: ${component} }
access_rules:
  msnbridge: { allow: msnbridge }
  msnbridge_upload:
    - allow: local
    - allow: msnbridge`;
}

/** What is left to do at the XMPP server. */
export function xmppSteps(xmpp: XmppAnswer): string {
  const { host, components } = prosodySnippet(xmpp);
  return `For XMPP, add to prosody.cfg.lua, in the VirtualHost that is there (and to the modules_enabled that are there):

${host}

and at the end:

${components}

or add each of these to what stands in ejabberd.yml under the same key:

${ejabberdSnippet(xmpp)}

and restart the server. The upload service is for pictures and files, which do not cross yet: if you have one, only the
component must be let in there; if you have none, nothing is missed so far. What each grant is good for: docs/xmpp.md.`;
}

/** How people begin. */
export function talkTo({ component, account }: { component?: XmppAnswer; account?: AccountAnswer }): string[] {
  if (component !== undefined) return [`People find ${component.component} in their clients, or write to it: link`];
  if (account === undefined) return [];
  const { jid, personal } = account;
  const domain = jid.slice(jid.indexOf("@") + 1);
  return personal
    ? ["In your own client, open the chat with yourself (with your own address) and say: link"]
    : [
        `People of ${domain} write to ${jid}: link\n(Who else may, and rooms that are tied to one contact: docs/xmpp.md, "Without a component".)`,
      ];
}

export interface AccountAnswer {
  readonly jid: string;
  /** Of the account's owner alone. */
  readonly personal: boolean;
}

/** Holds the account's password, beside the config. */
export const PASSWORD_FILE = "xmpp-password";

/** What is wrong with the form of it; undefined: nothing. */
export function accountFault(jid: string): string | undefined {
  return /^[^\s"&'/:<>@A-Z]+@[a-z0-9.-]+$/.test(jid)
    ? undefined
    : "an account looks like msn@example.org, in lower case and with nothing behind it";
}

/** What is left to do for an ordinary account. */
export function accountSteps({ jid }: AccountAnswer, passwordFile: string): string {
  return `For XMPP, write the password of ${jid} into ${passwordFile}, for example
(then type it, Enter, Ctrl-D):

cat > ${passwordFile}`;
}
