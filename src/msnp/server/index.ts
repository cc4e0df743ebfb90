export { SERVER_DIALECTS, type ServerDialect } from "./dialects/index.ts";
export type { ArmedFault, FaultOrder, Faults, HttpFault, WireFault } from "./faults.ts";
export { type AccountView, type LeftMessage, MsnNetwork, type NetworkPorts, type NetworkServices } from "./network.ts";
export {
  type AccountSpec,
  type ContactSpec,
  DEFAULT_LIMITS,
  DEFAULT_QUIRKS,
  type NetworkLimits,
  type NetworkOptions,
  OFFICIAL_QUIRKS,
  type Quirks,
  type StartOptions,
} from "./options.ts";
export { type RunningNetwork, runNetwork } from "./standalone.ts";
export type { TraceListener, TranscriptLine } from "./transcript.ts";
