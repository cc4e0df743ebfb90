export type { ClientAccount, RelayRoom, XmppClientLimits, XmppClientOptions } from "./client/options.ts";
export { GhostJids } from "./convert/ghost.ts";
export { createXmppHome, XMPP, type XmppHome } from "./home.ts";
export { type BareJid, type Jid, parseBareJid, parseJid } from "./jid.ts";
export { type ComponentService, StreamFailure } from "./link/stream.ts";
export { DEFAULT_LIMITS, type XmppHomeOptions, type XmppLimits } from "./options.ts";
export type { Grants } from "./stanza/privilege.ts";
export { type ComponentSurvey, surveyComponent } from "./survey/component.ts";
