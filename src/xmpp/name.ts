import { type HomeName, parseHomeName } from "../bridge/model.ts";

/** The name of this home, whichever kind of link it has. */
export const XMPP: HomeName = parseHomeName("xmpp");
