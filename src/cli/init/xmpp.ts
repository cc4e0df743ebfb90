/** What `init --xmpp` writes into the config, and what the operator pastes into the XMPP server's. Pure. */
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
export function prosodySnippet({ component, domain, secret }: XmppAnswer): string {
  return `Component "${component}"
  component_secret = "${secret}"
  modules_enabled = { "privilege" }

-- and within the VirtualHost "${domain}":
  modules_enabled = { "privilege" }   -- add it to those that are there
  privileged_entities = {
    ["${component}"] = { roster = "both", message = "outgoing", presence = "managed_entity" },
  }`;
}

/** For ejabberd 23.10 and later; earlier ones take the component, and do less by privilege. */
export function ejabberdSnippet({ component, domain, secret }: XmppAnswer): string {
  return `# add to listen:
  - port: 5347
    ip: "127.0.0.1"
    module: ejabberd_service
    access: all
    hosts:
      ${component}:
        password: "${secret}"

# add to modules (for ${domain}):
  mod_privilege:
    roster:
      both: msnbridge
    message:
      outgoing: msnbridge
    presence:
      managed_entity: msnbridge

# add to acl:
  msnbridge:
    server: ${component}

# add to access_rules:
  msnbridge:
    allow: msnbridge`;
}
