/** What goes wrong on a notification or switchboard connection, at one command. */
export type WireFault =
  /** The connection breaks instead of an answer. */
  | { readonly kind: "drop" }
  /** The connection stays open, but nothing is answered from here on. */
  | { readonly kind: "stall" }
  /** Only this command stays without effect and answer. */
  | { readonly kind: "ignore" }
  /** This command and those behind it are handled so many milliseconds later. */
  | { readonly kind: "delay"; readonly ms: number }
  /** An error number, if wanted with a payload, in place of the answer; the connection closes afterwards if asked. */
  | { readonly kind: "error"; readonly code: number; readonly close?: boolean; readonly payload?: string }
  /** The next payload announces so many bytes more (or fewer) than it has. */
  | { readonly kind: "wrong-length"; readonly by: number }
  /** Bytes that are no protocol go out before the answer. */
  | { readonly kind: "garbage"; readonly bytes?: Buffer }
  /** `OUT` with or without a reason, then the connection closes. */
  | { readonly kind: "out"; readonly reason?: string }
  /** `XFR .. NS` in place of the answer, to this server when no other is named, then the connection closes. */
  | { readonly kind: "redirect"; readonly to?: { readonly host: string; readonly port: number } }
  /** Switchboard MSG: delivered, but the acknowledgement is withheld. */
  | { readonly kind: "no-ack" }
  /** Switchboard MSG: not delivered, and refused with NAK. */
  | { readonly kind: "nak" };

/** What goes wrong in a web service. */
export type HttpFault =
  | { readonly kind: "drop" }
  /** The request is read and never answered. */
  | { readonly kind: "stall" }
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "status"; readonly status: number }
  /** The credentials are refused the way the service refuses a bad password. */
  | { readonly kind: "refuse" }
  /** A SOAP fault of this code, in the layout of the service; other services refuse (source: msnp-chat §5.7). */
  | { readonly kind: "soap-fault"; readonly code: string }
  /** A body that is not what it says. */
  | { readonly kind: "garbage"; readonly bytes?: Buffer }
  /** Ask again elsewhere: RST's redirect fault, else a 302 (source: msnp-core §3.3, §3.6). */
  | { readonly kind: "redirect"; readonly url: string };

export type FaultPlace = "NS" | "SB" | "HTTP";

interface FaultTarget {
  /** Only for this address; connections that have not said who they are match no address. */
  readonly account?: string;
  /** NS, SB: a command such as `USR`. HTTP: a service such as `rst` or an operation such as `ABFindAll`. */
  readonly at?: string;
  /** Strikes at the n-th match (1 is the first). */
  readonly nth?: number;
  /** How often it strikes; default once. */
  readonly times?: number | "always";
}

export type FaultOrder =
  | (FaultTarget & { readonly place: "NS" | "SB"; readonly fault: WireFault })
  | (FaultTarget & { readonly place: "HTTP"; readonly fault: HttpFault });

/** An armed fault: how often it has struck, and the way to take it back. */
export interface ArmedFault {
  readonly strikes: number;
  disarm(): void;
}

interface Armed {
  readonly order: FaultOrder;
  readonly handle: { strikes: number; disarm(): void };
  skip: number;
  left: number;
}

/** The most faults armed at one time. */
const MAX_ARMED = 1000;

/** Faults that tests have ordered; each is used up after it has struck as often as ordered. */
export class Faults {
  #armed: Armed[] = [];

  /** Throws when an unreasonable number of faults is armed. */
  arm(order: FaultOrder): ArmedFault {
    if (this.#armed.length >= MAX_ARMED) throw new Error(`More than ${MAX_ARMED} faults are armed`);
    const armed: Armed = {
      order,
      handle: { strikes: 0, disarm: () => this.#remove(armed) },
      skip: (order.nth ?? 1) - 1,
      left: order.times === "always" ? Number.POSITIVE_INFINITY : (order.times ?? 1),
    };
    this.#armed.push(armed);
    return armed.handle;
  }

  disarmAll(): void {
    this.#armed = [];
  }

  /** The fault that strikes a command now, which counts as one strike. */
  takeWire(place: "NS" | "SB", account: string | undefined, command: string): WireFault | undefined {
    if (this.#armed.length === 0) return undefined;
    const order = this.#take(place, account, command);
    return order?.place === "HTTP" ? undefined : order?.fault;
  }

  /** The fault that strikes a request now, which counts as one strike. */
  takeHttp(account: string | undefined, service: string): HttpFault | undefined {
    if (this.#armed.length === 0) return undefined;
    const order = this.#take("HTTP", account, service);
    return order?.place === "HTTP" ? order.fault : undefined;
  }

  #take(place: FaultPlace, account: string | undefined, at: string): FaultOrder | undefined {
    for (const armed of this.#armed) {
      const { order } = armed;
      if (order.place !== place || (order.at !== undefined && order.at !== at)) continue;
      if (order.account !== undefined && order.account.toLowerCase() !== account?.toLowerCase()) continue;
      if (armed.skip > 0) {
        armed.skip -= 1;
        continue;
      }
      armed.handle.strikes += 1;
      armed.left -= 1;
      if (armed.left <= 0) this.#remove(armed);
      return order;
    }
    return undefined;
  }

  #remove(armed: Armed): void {
    this.#armed = this.#armed.filter((other) => other !== armed);
  }
}
