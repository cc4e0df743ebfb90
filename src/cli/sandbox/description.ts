import type { World } from "./world.ts";
import type { XmppServer } from "./xmpp-server.ts";

/** What var/sandbox.json says: everything that another client needs to join in. */
export function description(world: World): Record<string, unknown> {
  const { setup } = world.bridge;
  const { ns, http } = world.msn.ports;
  return {
    homeserver: {
      url: world.synapse.url,
      serverName: world.synapse.serverName,
      bot: setup.bot,
      users: world.users.map(({ id, password }) => ({ id, password })),
    },
    msn: { host: "127.0.0.1", port: ns, http: `http://127.0.0.1:${http}`, accounts: world.accounts },
    ...(world.xmpp === undefined ? {} : { xmpp: describeXmpp(world.xmpp), xmppCertificate: world.xmpp.caFile }),
    redis: world.redis.url,
    bridge: { url: setup.webUrl, metrics: setup.metricsUrl },
    pids: { sandbox: process.pid, ...world.pids() },
  };
}

function describeXmpp({ host, c2sPort, domain, component, muc, users }: XmppServer): Record<string, unknown> {
  return { host, port: c2sPort, domain, component, muc, users };
}

/** For who has started it: where to sign in, and what to do then. */
export function welcome(world: World): string {
  const { setup } = world.bridge;
  return `
Matrix: sign in at ${world.synapse.url} as
${world.users.map(({ id, password }) => `  ${id}  (password ${password})`).join("\n")}
  and write "link" to ${setup.bot}.
${welcomeXmpp(world.xmpp)}
MSN: notification server 127.0.0.1:${world.msn.ports.ns}, web services http://127.0.0.1:${world.msn.ports.http}; MSNP11 and MSNP18
${world.accounts.map(({ email, password, name }) => `  ${email}  (password ${password}, ${name})`).join("\n")}

Health ${setup.webUrl}/ready, figures ${setup.metricsUrl}, all of it in var/sandbox.json.
Ctrl-C ends everything.`;
}

function welcomeXmpp(server: XmppServer | undefined): string {
  if (server === undefined) return "";
  const { host, c2sPort, component, caFile, users } = server;
  const [first = { jid: "", password: "" }] = users;
  return `
XMPP: sign in as
${users.map(({ jid, password }) => `  ${jid}  (password ${password})`).join("\n")}
  with host ${host} and port ${c2sPort} in your client's advanced settings (no DNS knows the name), and accept the certificate
  (${caFile}). In Profanity: /connect ${first.jid} server ${host} port ${c2sPort} tls trust
  Then register with ${component} among the server's services, or add it as a contact, and write "link" to it.
`;
}
