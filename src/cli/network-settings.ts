/** A network profile as settings of the MSN library's client. */
import { readFileSync } from "node:fs";
import type { NetworkProfile } from "../config/network.ts";
import { ConfigError } from "../config/yaml.ts";
import type { NetworkSettings } from "../msn/network.ts";
import {
  DIALECTS,
  type DialectName,
  type MsnClientOptions,
  MsnpError,
  type ProxyServer,
  parseProxy,
  type TransportKind,
  webFetch,
} from "../msnp/index.ts";

export interface SettingsChoice {
  /** Instead of the profile's. */
  readonly dialects?: readonly DialectName[];
  readonly transports?: readonly TransportKind[];
  /** `networks.proxy`; the profile's own comes first. */
  readonly proxy?: NetworkProfile["proxy"];
}

/**
 * Dialects that a profile lists and this version does not speak are left out.
 * @throws ConfigError for a file with certificates or a proxy that cannot be used.
 */
export function clientSettings(profile: NetworkProfile, choice: SettingsChoice = {}): NetworkSettings {
  const { limits, gateway, product } = profile;
  const dialects = profile.dialects.flatMap((name) =>
    DIALECTS.filter((dialect) => dialect.name === name).map((dialect) => dialect.name),
  );
  const ca = certificates(profile);
  const proxy = proxyOf(profile, choice.proxy);
  const connectTimeout = limits.connectSeconds * 1000;
  return {
    services: servicesOf(profile),
    dialects: choice.dialects ?? dialects,
    transports: choice.transports ?? profile.transports,
    tls: {
      rejectUnauthorized: profile.tls.verify,
      ...(profile.tls.serverName !== undefined && { serverName: profile.tls.serverName }),
      ...(ca !== undefined && { ca }),
    },
    gateway: {
      poll: gateway.pollSeconds * 1000,
      lifespan: gateway.lifespanSeconds,
      followsHost: gateway.followsHost,
    },
    // One for all accounts: each has a pool of connections of its own.
    ...((proxy !== undefined || ca !== undefined) && { fetch: webFetch({ proxy, ca, connectTimeout }) }),
    ...(proxy !== undefined && { proxy }),
    ...(product !== undefined && { product }),
    maxMessageBytes: limits.messageBytes,
    timeouts: { connect: connectTimeout, request: limits.requestSeconds * 1000 },
  };
}

function servicesOf({ dispatch, notification, services }: NetworkProfile): MsnClientOptions["services"] {
  const { nexus, rst, rst2, addressBook, sharing, storage, oimStore, oimFetch, config, gateway } = services;
  return {
    ns: notification ?? dispatch,
    nexusUrl: nexus,
    rstUrl: rst,
    addressBookUrl: addressBook,
    sharingUrl: sharing,
    ...(rst2 !== undefined && { rst2Url: rst2 }),
    ...(storage !== undefined && { storageUrl: storage }),
    ...(oimStore !== undefined && { oimStoreUrl: oimStore }),
    ...(oimFetch !== undefined && { oimFetchUrl: oimFetch }),
    ...(config !== undefined && { configUrl: config }),
    ...(gateway !== undefined && { gatewayUrl: gateway }),
  };
}

function certificates({ name, tls }: NetworkProfile): string | undefined {
  if (tls.caFile === undefined) return undefined;
  try {
    return readFileSync(tls.caFile, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : "unknown";
    throw new ConfigError([{ where: `network profile ${name}`, key: "tls.caFile", text: `cannot be read (${why})` }]);
  }
}

function proxyOf({ name, proxy }: NetworkProfile, common: SettingsChoice["proxy"]): ProxyServer | undefined {
  const address = proxy ?? common;
  if (address === undefined) return undefined;
  try {
    return parseProxy(address.open());
  } catch (error) {
    if (!(error instanceof MsnpError)) throw error;
    throw new ConfigError([{ where: `network ${name}`, key: "proxy", text: error.message }]);
  }
}
