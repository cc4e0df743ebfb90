/** The part of @xmpp/component 0.13.1 that is used here; the package has no types of its own. */
declare module "@xmpp/component" {
  import type { EventEmitter } from "node:events";
  import type { Socket } from "node:net";
  import type { XmlElement } from "../stanza/xml.ts";

  export interface ComponentEntity extends EventEmitter {
    /** `null` before it connects and after it has closed. */
    readonly socket: Socket | null;
    readonly parser: { write(text: string): void } | null;
    /** Bound on the library's own waits, ms. */
    timeout: number;
    readonly reconnect: { stop(): void };
    connect(service: string): Promise<void>;
    open(options: { domain: string }): Promise<XmlElement>;
    _onData(data: Buffer): void;
  }

  export function component(options: { service: string; domain: string; password: string }): ComponentEntity;
  export function xml(
    name: string,
    attrs?: Record<string, string | undefined>,
    ...children: readonly unknown[]
  ): XmlElement;
}
