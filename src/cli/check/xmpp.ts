/**
 * The XMPP server: whether it takes the component in, and what it grants. The component can be connected once only, so
 * while the bridge runs only the running one can tell.
 */
import type { Config } from "../../config/schema.ts";
import { readGrantsOnce, StreamFailure } from "../../xmpp/index.ts";
import { type Finding, fail, ok, warn } from "./report.ts";

const SUBJECT = "XMPP";

export async function checkXmpp({ xmpp }: Config): Promise<Finding[]> {
  if (xmpp === undefined) return [];
  const { host, port, component, secret, domain } = xmpp;
  try {
    const granted = await readGrantsOnce({ host, port, domain: component, secret });
    const connected = ok(SUBJECT, `the server at ${host}:${port} takes in ${component}`);
    return [connected, ...missing(domain, granted.get(domain))];
  } catch (error) {
    if (!(error instanceof StreamFailure)) throw error;
    if (error.condition === "conflict")
      return [
        warn(
          SUBJECT,
          `${component} is connected already`,
          "If the bridge runs, that is it, and all is well; its log says what the server grants. To test the connection itself, stop the bridge first.",
        ),
      ];
    return [fail(SUBJECT, error.message, fixFor(error, `${host}:${port}`, component))];
  }
}

type Granted = ReturnType<Awaited<ReturnType<typeof readGrantsOnce>>["get"]>;

/** Grants make things nicer, and are not needed: each that is missing is a warning with what it would give. */
function missing(domain: string, granted: Granted): Finding[] {
  const subject = "XMPP: privileges";
  const how = "docs/xmpp.md has the lines for Prosody and ejabberd (privileged entity).";
  const lacks: string[] = [];
  if (granted?.roster !== "both") lacks.push("roster (contacts must be approved one by one)");
  if (granted?.message !== "outgoing") lacks.push("message (what you say in your own Messenger comes with a mark)");
  if (lacks.length === 0) return [ok(subject, `${domain} grants rosters and messages`)];
  return [warn(subject, `${domain} does not grant: ${lacks.join("; ")}`, how)];
}

function fixFor({ condition }: StreamFailure, where: string, component: string): string {
  if (condition === "not-authorized")
    return `Write the same secret into xmpp.secret and into the server's configuration of ${component}.`;
  if (condition === "host-unknown")
    return `Add the component ${component} to the server's configuration (docs/xmpp.md) and reload it, or correct xmpp.component.`;
  return `Start the server, let it listen for components at ${where}, or correct xmpp.host and xmpp.port.`;
}
