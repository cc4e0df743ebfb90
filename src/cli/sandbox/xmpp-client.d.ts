/** The part of @xmpp/client 0.14.0 that the test person uses; the package has no types of its own. */
declare module "@xmpp/client" {
  import type { EventEmitter } from "node:events";
  import type { Stanza } from "./xmpp-stanza.ts";

  export interface PersonEntity extends EventEmitter {
    readonly jid: { toString(): string } | null;
    readonly status: string;
    /** A socket of Node, or the package's wrapper around one once TLS is on. */
    readonly socket: { readonly socket?: { destroy(): void } | null; destroy?(): void } | null;
    readonly options: { readonly service: string; readonly domain: string };
    /** Bound on the package's own waits, ms. */
    timeout: number;
    readonly reconnect: { stop(): void };
    readonly iqCallee: Record<"get" | "set", (namespace: string, name: string, answer: Answer) => void>;
    start(): Promise<unknown>;
    stop(): Promise<unknown>;
    connect(service: string): Promise<void>;
    open(options: { domain: string }): Promise<unknown>;
    send(stanza: Stanza): Promise<void>;
  }

  type Answer = (context: { readonly stanza: Stanza; readonly element: Stanza }) => Stanza | boolean;

  export function client(options: {
    readonly service: string;
    readonly domain: string;
    readonly username: string;
    readonly password: string;
    readonly resource: string;
  }): PersonEntity;

  export function xml(
    name: string,
    attrs?: Readonly<Record<string, string | undefined>>,
    ...children: readonly (Stanza | string | undefined | readonly (Stanza | string | undefined)[])[]
  ): Stanza;
}
