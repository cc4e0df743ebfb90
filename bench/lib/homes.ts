/** The homes that the bridge is measured with: each has a stub server, as a process of its own. */
import { randomBytes } from "node:crypto";
import { parseContactAddress, parseHomeName, parseNetworkName, roomId } from "../../src/bridge/model.ts";
import { GhostJids } from "../../src/xmpp/convert/ghost.ts";
import { parseBareJid } from "../../src/xmpp/jid.ts";
import type { HomeserverQuestions } from "../procs/homeserver.ts";
import type { Talk } from "../procs/msn.ts";
import type { XmppServerQuestions } from "../procs/xmpp-server.ts";
import type { BareHomeOptions } from "./bare-home.ts";
import type { Child } from "./child.ts";
import type { Chat, HomeQuestions } from "./home-side.ts";
import { NETWORK, type Overrides, type Rig } from "./rig.ts";

const DOMAIN = "stub.test";
const GATEWAY = "msn.stub.test";
/** Of the bare loop's component. */
const BARE = "bare.stub.test";

/** A home whose server runs, with a chat for each talk. */
export interface RunningHome {
  readonly server: Child<HomeQuestions>;
  readonly chats: readonly Chat[];
  /** The homeserver of the bridge, if any, and sections of its config. */
  readonly config: { readonly homeserverUrl: string | undefined; readonly sections: Overrides };
  /** By what name the server reaches the bridge. */
  readonly bridge: string;
  readonly bare: BareHomeOptions;
  /** To be called when the bridge runs. */
  readonly appear: () => Promise<void>;
}

export interface StubHome {
  readonly title: string;
  readonly name: ReturnType<typeof parseHomeName>;
  /** What goes to the server for a message, and what comes from it; for the table. */
  readonly words: { readonly out: string; readonly in: string; readonly bareOut: string; readonly bareIn: string };
  /** Starts the server and ties each talk to a chat. Everybody in `talks` has an account that belongs to `resident`. */
  start(rig: Rig, talks: readonly Talk[]): Promise<RunningHome>;
}

export const MATRIX: StubHome = {
  title: "Matrix",
  name: parseHomeName("matrix"),
  words: {
    out: "from the transaction's PUT",
    in: "until the homeserver has the PUT",
    bareOut: "transactions of 100, intake, done, receipt",
    bareIn: "append, PUT, done",
  },
  async start(rig, talks) {
    const server = await rig.program<HomeserverQuestions>("homeserver");
    const { asToken, hsToken, url } = rig.parts.registration;
    const tokens = { asToken: asToken.open(), hsToken: hsToken.open() };
    const homeserverUrl = await server.ask("start", { domain: DOMAIN, bridgeUrl: url, ...tokens });
    const pairs = talks.map(({ person }, n) => ({ resident: `@resident${n}:${DOMAIN}`, ghost: rig.ghost(person) }));
    const rooms = await server.ask("rooms", pairs);
    const chats = pairs.map((pair, n) => ({ ...pair, room: rooms[n] ?? "" }));
    return {
      server,
      chats,
      config: { homeserverUrl, sections: {} },
      bridge: url,
      bare: { kind: "matrix", url: homeserverUrl, token: tokens.asToken, bot: rig.bot },
      appear: async () => {},
    };
  },
};

export const XMPP: StubHome = {
  title: "XMPP",
  name: parseHomeName("xmpp"),
  words: {
    out: "from the client's stanza",
    in: "until the XMPP server has the stanza",
    bareOut: "one stanza after another, intake, done, receipt",
    bareIn: "append, stanza and shared ping, done",
  },
  async start(rig, talks) {
    const server = await rig.program<XmppServerQuestions>("xmpp-server");
    const secret = randomBytes(16).toString("hex");
    const port = await server.ask("start", { secret });
    const names = new GhostJids(GATEWAY, [parseNetworkName(NETWORK)]);
    const chats = talks.map(({ person }, n) => {
      const jid = names.jid({ network: NETWORK, contact: parseContactAddress(person) });
      const resident = parseBareJid(`resident${n}@${DOMAIN}`);
      return { resident, ghost: jid.split("@", 1)[0] ?? "", room: roomId(names.room(jid, resident)) };
    });
    const xmpp = { host: "127.0.0.1", port, component: GATEWAY, secret, domain: DOMAIN };
    return {
      server,
      chats,
      config: { homeserverUrl: undefined, sections: { xmpp } },
      bridge: GATEWAY,
      bare: { kind: "xmpp", port, secret, domain: BARE },
      appear: () => server.ask("appear", { residents: chats.map(({ resident }) => resident), to: GATEWAY }),
    };
  },
};

export const HOMES: readonly StubHome[] = [MATRIX, XMPP];
