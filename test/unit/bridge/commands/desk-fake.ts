import type { GroupDesk } from "../../../../src/bridge/commands/group-desk.ts";

/** A desk that does nothing but note what it was asked for, without who asks. */
export function noDesk(did: string[]): GroupDesk {
  const note =
    (what: string) =>
    async (...args: unknown[]): Promise<string> => {
      did.push([what, ...args.map(shown)].join(" "));
      return `${what} done`;
    };
  return {
    portals: (_, ...rest) => note("portals")(...rest),
    bridge: (_, ...rest) => note("bridge")(...rest),
    unbridge: (_, ...rest) => note("unbridge")(...rest),
    resume: (_, ...rest) => note("resume")(...rest),
    deletePortal: (_, ...rest) => note("delete")(...rest),
    relays: () => note("relays")(),
    setRelay: (_, ...rest) => note("relay set")(...rest),
    setRelayPrefix: (_, ...rest) => note("relay prefix")(...rest),
    unsetRelay: (_, ...rest) => note("relay unset")(...rest),
    start: (_, { address }, members) => note("start")(address, ...members),
    invite: (_, ...rest) => note("invite")(...rest),
    leave: (_, ...rest) => note("leave")(...rest),
    nudge: (_, ...rest) => note("nudge")(...rest),
    circles: () => note("circles")(),
    createCircle: ({ address }, name) => note("create")(address, name),
    answerCircle: (_, circle, accept) => note(accept ? "accept" : "decline")(circle),
    renameCircle: (_, ...rest) => note("rename")(...rest),
    removeFromCircle: (_, ...rest) => note("remove")(...rest),
    setCircleRole: (_, ...rest) => note("role")(...rest),
  };
}

function shown(value: unknown): string {
  return value === undefined ? "-" : `[${String(value)}]`;
}
