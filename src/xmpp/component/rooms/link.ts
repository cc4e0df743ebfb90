import { BridgeError } from "../../../bridge/errors.ts";
import type { Jid } from "../../jid.ts";
import type { ComponentLink } from "../../link/component-link.ts";
import type { RoomLink } from "../../muc/types.ts";
import { el, type XmlElement } from "../../stanza/xml.ts";

export type Wire = Pick<ComponentLink, "send" | "sendLoosely" | "sendSurely" | "request" | "isOnline">;

/** The stanzas of one of the component's addresses. */
export function linkOf(wire: Wire, jid: Jid): RoomLink {
  const mine = ({ name, attrs, children }: XmlElement): XmlElement => el(name, { ...attrs, from: jid }, ...children);
  return {
    jid,
    get isOnline() {
      return wire.isOnline;
    },
    send: (stanza) => wire.send(mine(stanza)),
    sendLoosely: (stanza) => wire.sendLoosely(mine(stanza)),
    sendSurely: (...stanzas) => wire.sendSurely(...stanzas.map(mine)),
    async request({ to, type }, child, timeoutMs) {
      if (to === undefined)
        throw new BridgeError("internal", { detail: "a component has no server of its own to ask" });
      return await wire.request({ to, from: jid, type }, child, timeoutMs);
    },
    // A component's stream counts nothing.
    arrived: () => {},
  };
}
