import { randomUUID } from "node:crypto";
import type { ClientAccount } from "../client/options.ts";
import { type BareJid, domainOf, type Jid, parseJid } from "../jid.ts";
import { ClientStream } from "../link/client-stream.ts";
import { findServer } from "../link/find-server.ts";
import { Asker, type Offer } from "./asker.ts";

const MUC = "http://jabber.org/protocol/muc";

export interface AccountSurvey {
  readonly where: { readonly host: string; readonly port: number };
  /** Whether the server counts stanzas, and keeps a session that broke off for a while (XEP-0198). */
  readonly counts: boolean;
  readonly resumes: boolean;
  /** The service for rooms: the one that was named if it is one, else the first that the server names. */
  readonly muc: string | undefined;
  /** Where the account's bookmarks may be kept: on its own nodes (XEP-0163, XEP-0402). */
  readonly pep: boolean;
  /** Of each room that was asked about: what it says of itself; `undefined`: there is no such room. */
  readonly rooms: ReadonlyMap<BareJid, ReadonlySet<string> | undefined>;
}

/**
 * Signs in once, beside whoever is signed in already, looks around and signs out again; for tools.
 * @throws StreamFailure with what is wrong, in words for the operator.
 */
export async function surveyAccount(
  account: ClientAccount,
  wanted: { readonly mucService?: string; readonly rooms: readonly BareJid[] },
): Promise<AccountSurvey> {
  const tls = account.tls ?? "starttls";
  const where = await findServer({ ...account, tls });
  const resource = `msnbridge-check-${randomUUID().slice(0, 8)}`;
  const hooks = { element: (stanza: Parameters<Asker["heard"]>[0]) => asker.heard(stanza), closed: () => {} };
  const { stream, session } = await ClientStream.open(
    { ...account, ...where, tls, resource },
    hooks,
    undefined,
    new AbortController().signal,
  );
  const asker = new Asker((stanza) => stream.write(stanza));
  stream.run();
  try {
    const own = account.jid as string as Jid;
    const [muc, offer, ...rooms] = await Promise.all([
      roomService(asker, parseJid(domainOf(own)), wanted.mucService),
      asker.info(own),
      ...wanted.rooms.map(async (room) => await asker.info(room as string as Jid)),
    ]);
    return {
      where,
      counts: session.counts,
      resumes: session.id !== undefined,
      muc,
      pep: offer?.identities.includes("pubsub/pep") === true,
      rooms: new Map(wanted.rooms.map((room, at) => [room, rooms[at]?.features])),
    };
  } finally {
    await stream.close();
  }
}

const makesRooms = ({ identities, features }: Offer): boolean =>
  features.has(MUC) && identities.includes("conference/text");

async function roomService(asker: Asker, server: Jid, named: string | undefined): Promise<string | undefined> {
  if (named === undefined) return (await asker.service(server, makesRooms))?.jid;
  const offer = await asker.info(parseJid(named));
  return offer !== undefined && makesRooms(offer) ? named : undefined;
}
