import { ENV_PREFIX } from "../../config/load.ts";
import type { MsnServices } from "../../msnp/index.ts";

/** Keys of `services` in a profile, as environment variables spell them, and what they are called in the library. */
const SERVICES = {
  NEXUS: "nexusUrl",
  RST: "rstUrl",
  RST2: "rst2Url",
  ADDRESS_BOOK: "addressBookUrl",
  SHARING: "sharingUrl",
  STORAGE: "storageUrl",
  OIM_STORE: "oimStoreUrl",
  OIM_FETCH: "oimFetchUrl",
  CONFIG: "configUrl",
  GATEWAY: "gatewayUrl",
} as const satisfies Readonly<Record<string, keyof MsnServices>>;

/** The shipped `sandbox` profile with the addresses of an embedded network that runs now, as environment variables. */
export function profileEnvironment(msn: MsnServices): Record<string, string> {
  const prefix = `${ENV_PREFIX}_NETWORK_SANDBOX`;
  const services = Object.entries(SERVICES).flatMap(([key, name]) => {
    const url = msn[name];
    return url === undefined ? [] : [[`${prefix}_SERVICES_${key}`, url]];
  });
  return {
    [`${prefix}_DISPATCH_HOST`]: msn.ns.host,
    [`${prefix}_DISPATCH_PORT`]: String(msn.ns.port),
    ...Object.fromEntries(services),
  };
}
