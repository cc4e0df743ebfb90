import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { BridgeError } from "../bridge/errors.ts";
import type { Availability, ContactAddress, NetworkName } from "../bridge/model.ts";
import type { Credentials, Network } from "../bridge/ports/network.ts";
import type { MsnClientOptions } from "../msnp/index.ts";
import { MsnClient, MsnpError, parseEmail, parseMachineGuid, SignInError, textBytesIn } from "../msnp/index.ts";
import { signInError } from "./convert/errors.ts";
import { offlineWords } from "./convert/message.ts";
import { statusOf } from "./convert/presence.ts";
import { MsnGroups } from "./groups.ts";
import { Hearing } from "./hearing.ts";
import { MsnSession } from "./session.ts";

/** What the clients of all accounts of a network have in common. */
export type NetworkSettings = Pick<
  MsnClientOptions,
  | "services"
  | "dialects"
  | "transports"
  | "tls"
  | "gateway"
  | "proxy"
  | "fetch"
  | "product"
  | "maxMessageBytes"
  | "timeouts"
>;

export interface MsnNetworkOptions extends NetworkSettings {
  readonly name: NetworkName;
  readonly title: string;
  /** Whether shortcuts of emoticons become emoji, and the other way round. */
  readonly emoticons?: boolean;
  readonly log: Logger;
}

/** How the bridge is called in the list of places of the owner's own Messenger. */
const ENDPOINT_NAME = "msnbridge";

/** The MSN side of the core: turns {@link MsnClient} into the port of ports/network.ts. */
export function createMsnNetwork(options: MsnNetworkOptions): Network {
  const { name, title, emoticons = true, maxMessageBytes } = options;
  const pictures = { emoticons };
  return {
    name,
    title,

    async verify(credentials, onStage, signal) {
      const client = createClient(options, credentials, randomUUID(), { availability: "hidden", text: "" });
      client.on("stage", onStage);
      try {
        await client.signIn(signal);
        return { displayName: client.self.displayName };
      } catch (error) {
        throw signInError(error, { address: credentials.address, network: title });
      } finally {
        await client.signOut();
      }
    },

    async signIn(credentials, { machineGuid, ...presence }, hooks, signal) {
      const client = createClient(options, credentials, machineGuid, presence, (messages) =>
        hooks.offline(messages.flatMap((message) => offlineWords(message, pictures) ?? [])),
      );
      const texts = { ...pictures, bytes: textBytesIn(maxMessageBytes) };
      const groups = new MsnGroups(client, title, texts, hooks.groups);
      const hearing = new Hearing(client, parseAccount(credentials.address), hooks, pictures, groups);
      try {
        await client.signIn(signal);
      } catch (error) {
        // The owner has just signed in at another place: to come back by itself would be to fight with it.
        if (error instanceof SignInError && error.code === "elsewhere")
          throw new BridgeError("elsewhere", {}, { cause: error });
        throw signInError(error, { address: credentials.address, network: title });
      }
      return new MsnSession({ client, network: title, text: presence.text, texts, groups, hearing });
    },
  };
}

function createClient(
  o: MsnNetworkOptions,
  { address, spelling, password }: Credentials,
  machineGuid: string,
  presence: { availability: Availability; text: string },
  storeOffline?: MsnClientOptions["storeOffline"],
): MsnClient {
  const { name, title: _, emoticons: __, log: parent, ...common } = o;
  const log = parent.child({ network: name });
  return new MsnClient({
    ...common,
    email: parseAccount(address),
    handle: spelling,
    password: () => password.open(),
    machineGuid: parseMachineGuid(machineGuid),
    // After a crash at most one message per account is sent a second time (docs/delivery.md).
    maxUnacknowledged: 1,
    initialPresence: statusOf(presence.availability),
    personalMessage: { text: presence.text },
    endpointName: ENDPOINT_NAME,
    ...(storeOffline === undefined ? {} : { storeOffline }),
    ...(log.isLevelEnabled("trace")
      ? { trace: (direction, connection, line) => log.trace({ direction, connection, line }, "msnp") }
      : {}),
    onListenerError: (error) => log.error({ err: error }, "a listener of the MSN client failed"),
  });
}

function parseAccount(address: ContactAddress): ReturnType<typeof parseEmail> {
  try {
    return parseEmail(address);
  } catch (error) {
    if (error instanceof MsnpError) throw new BridgeError("bad-address", { address }, { cause: error });
    throw error;
  }
}
