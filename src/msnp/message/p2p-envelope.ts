import { type Email, type MachineGuid, parseAddress } from "../address.ts";
import { headerOf, type MimeMessage } from "./mime.ts";

export const P2P_TYPE = "application/x-msnmsgrp2p";

/** A packet of a peer-to-peer transfer, with its binary header and footer (source: msnp-chat §3.1). */
export interface P2pBody {
  readonly kind: "p2p";
  /** Whom it is for: everybody on a switchboard gets it. Absent when it does not say. */
  readonly to?: Email;
  readonly toEndpoint?: MachineGuid;
  readonly fromEndpoint?: MachineGuid;
  readonly data: Buffer;
}

/** Reads a packet; its bytes are a copy, since it may be kept. */
export function decodeP2p(message: MimeMessage): P2pBody {
  const to = parseAddress(headerOf(message, "p2p-dest") ?? "");
  const from = parseAddress(headerOf(message, "p2p-src") ?? "");
  return {
    kind: "p2p",
    ...(to !== undefined && { to: to.email }),
    ...(to?.endpoint !== undefined && { toEndpoint: to.endpoint }),
    ...(from?.endpoint !== undefined && { fromEndpoint: from.endpoint }),
    data: Buffer.from(message.body),
  };
}

/** The headers that name both ends; with endpoints the source is named, too. */
export function p2pHeaders({ to, toEndpoint, fromEndpoint }: P2pBody, self: Email): [string, string][] {
  const headers: [string, string][] = [["P2P-Dest", place(to ?? "", toEndpoint)]];
  if (fromEndpoint !== undefined) headers.push(["P2P-Src", place(self, fromEndpoint)]);
  return headers;
}

function place(email: string, endpoint: MachineGuid | undefined): string {
  return endpoint === undefined ? email : `${email};{${endpoint}}`;
}
