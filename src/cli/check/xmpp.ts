/**
 * The XMPP server: whether it takes the component in, what it grants, and where files would go. The component can be
 * connected once only, so while the bridge runs only the running one can tell.
 */
import type { Config } from "../../config/schema.ts";
import type { XmppComponentConfig } from "../../config/xmpp.ts";
import { type ComponentSurvey, StreamFailure, surveyComponent } from "../../xmpp/index.ts";
import { type Finding, fail, ok, skip, warn } from "./report.ts";
import { checkXmppClient } from "./xmpp-client.ts";

const SUBJECT = "XMPP";
const PRIVILEGES = "XMPP: privileges";
const LINES = "docs/xmpp.md has the lines for Prosody and ejabberd.";

export async function checkXmpp({ xmpp }: Config): Promise<Finding[]> {
  if (xmpp === undefined) return [];
  return xmpp.mode === "client" ? await checkXmppClient(xmpp) : await checkComponent(xmpp);
}

async function checkComponent(xmpp: XmppComponentConfig): Promise<Finding[]> {
  const { host, port, component, secret, domain } = xmpp;
  try {
    const survey = await surveyComponent({ host, port, domain: component, secret }, domain);
    const connected = ok(SUBJECT, `the server at ${host}:${port} takes in ${component}`);
    if (!survey.knowsServer) return [connected, unknownServer(domain, survey)];
    return [connected, ...privileges(domain, survey), upload(domain, component, survey)];
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

function unknownServer(domain: string, { grants }: ComponentSurvey): Finding {
  const others = [...grants.keys()];
  const meant = others.length === 0 ? "" : ` The server itself speaks for ${others.join(", ")}: is it that?`;
  return fail(SUBJECT, `nobody answers under ${domain}`, `Correct xmpp.domain, or xmpp.host and xmpp.port.${meant}`);
}

/** Of each server that grants something, and of the own one in any case. */
function privileges(domain: string, survey: ComponentSurvey): Finding[] {
  const servers = new Set([domain, ...survey.grants.keys()]);
  return [...servers].map((server) => {
    const lacks = missing(survey, server);
    if (lacks.length > 0) return warn(PRIVILEGES, `${server} does not grant: ${lacks.join("; ")}`, LINES);
    return tooOld(survey, server) ?? ok(PRIVILEGES, `${server} grants rosters, messages and presence`);
  });
}

/** Grants make things nicer, and are not needed: each that is missing is a warning with what it would give. */
function missing({ grants }: ComponentSurvey, server: string): string[] {
  const granted = grants.get(server);
  const lacks: string[] = [];
  if (granted?.roster !== "both") lacks.push("roster (contacts must be approved one by one)");
  if (granted?.message !== "outgoing") lacks.push("message (what you say in your own Messenger comes with a mark)");
  if (granted === undefined || granted.presence === "none")
    lacks.push("presence (the gateway sees who is there when they have let it, as clients do on registering)");
  return lacks;
}

/** stack §C3: what it grants it does not do. */
function tooOld({ software }: ComponentSurvey, server: string): Finding | undefined {
  const [, year = 99, month = 0] = /^(\d+)\.(\d+)/.exec(software?.version ?? "")?.map(Number) ?? [];
  if (!/ejabberd/i.test(software?.name ?? "") || year > 23 || (year === 23 && month >= 10)) return undefined;
  return warn(
    PRIVILEGES,
    `${server} grants everything, but ejabberd ${software?.version} fails at setting rosters and shows messages in people's names to nobody; the bridge does without`,
    "Take ejabberd 23.10 or later, if contacts are to stand on rosters without questions.",
  );
}

/** Pictures and files do not cross yet, so that nothing is wrong where there is none. */
function upload(domain: string, component: string, { upload: found }: ComponentSurvey): Finding {
  const subject = "XMPP: upload";
  const later = "not needed yet: pictures and files do not cross so far";
  if (found === undefined) return skip(subject, `${domain} has no upload service (XEP-0363); ${later}`);
  if (found.refusal === undefined) return ok(subject, `${found.jid} takes files of ${component}`);
  return skip(subject, `${found.jid} takes no files of ${component} (${found.refusal}); ${later}`);
}

function fixFor({ condition }: StreamFailure, where: string, component: string): string {
  if (condition === "not-authorized")
    return `Write the same secret into xmpp.secret and into the server's configuration of ${component}.`;
  if (condition === "host-unknown")
    return `Add the component ${component} to the server's configuration (docs/xmpp.md) and reload it, or correct xmpp.component.`;
  return `Start the server, let it listen for components at ${where}, or correct xmpp.host and xmpp.port.`;
}
