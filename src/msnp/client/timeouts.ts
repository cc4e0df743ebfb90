/** Every wait of the client, in ms. */
export interface Timeouts {
  /** TCP connection to a server. */
  readonly connect: number;
  /** Answer to a command, and to each step of a sign-in. */
  readonly request: number;
  /** One exchange with a web service. */
  readonly http: number;
  /** Answer to PNG, after which the connection counts as dead. */
  readonly keepalive: number;
  /** Pause between PNGs when the server names none. */
  readonly keepaliveInterval: number;
  /** Until a called contact has joined. */
  readonly ring: number;
  /** How long those who have come to a group wait for others who were called with them. */
  readonly gather: number;
  /** Acknowledgement of a message. */
  readonly ack: number;
  /** How long an error for a message may take to come, where nothing can be asked behind it: through a gateway. */
  readonly settle: number;
  /** A one-to-one switchboard without traffic is closed; the next message opens another. */
  readonly idleSwitchboard: number;
  /** Between the news that lists changed and reading them again, so that several changes cost one read. */
  readonly refresh: number;
  /** Before offline messages that could not be fetched or stored are tried again; four times as much each further time. */
  readonly offlineRetry: number;
}

/** Sources: msnp-core §1.6, §9.3 (2); msnp-chat §1.3, §1.7. */
export const DEFAULT_TIMEOUTS: Timeouts = Object.freeze({
  connect: 15_000,
  request: 15_000,
  http: 20_000,
  keepalive: 45_000,
  keepaliveInterval: 50_000,
  ring: 30_000,
  gather: 5_000,
  ack: 30_000,
  settle: 1_500,
  idleSwitchboard: 60_000,
  refresh: 500,
  offlineRetry: 5_000,
});
