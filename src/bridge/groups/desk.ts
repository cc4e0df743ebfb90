import type { GroupDesk } from "../commands/group-desk.ts";
import { Catalogue } from "./desk/catalogue.ts";
import * as circles from "./desk/circles.ts";
import type { DeskOptions } from "./desk/desk-options.ts";
import { deletePortal, leave } from "./desk/ending.ts";
import { listed } from "./desk/listing.ts";
import * as relaying from "./desk/relaying.ts";
import * as talking from "./desk/talking.ts";
import * as tying from "./desk/tying.ts";
import type { Invitations } from "./invitations.ts";

export interface GroupDeskOptions extends DeskOptions {
  readonly invitations: Invitations;
}

/** What commands do with groups and portals, on the {@link DeskOptions.groups} of this installation. */
export function createGroupDesk(o: GroupDeskOptions): GroupDesk {
  const catalogue = new Catalogue(o);
  return {
    portals: (asker, filter) => listed(o, catalogue, asker, filter),
    bridge: (asker, group, room) => tying.bridge(o, catalogue, asker, group, room),
    unbridge: (asker, what) => tying.unbridge(o, catalogue, asker, what),
    resume: (asker, what) => tying.resume(o, catalogue, asker, what),
    deletePortal: (asker, what, code) => deletePortal(o, catalogue, asker, what, code),
    relays: (asker) => relaying.relays(o, catalogue, asker),
    setRelay: (asker, group, account) => relaying.setRelay(o, catalogue, asker, group, account),
    setRelayPrefix: (asker, group, prefix) => relaying.setPrefix(o, catalogue, asker, group, prefix),
    unsetRelay: (asker, group) => relaying.unsetRelay(o, catalogue, asker, group),
    start: (asker, account, members) => talking.start(o, asker, account, members),
    invite: (asker, contact, group) => talking.invite(o, catalogue, asker, contact, group),
    leave: (asker, group) => leave(o, catalogue, asker, group),
    nudge: (asker, who) => talking.nudge(o, catalogue, asker, who),
    circles: (asker) => circles.circles(o, asker),
    createCircle: (account, name) => circles.createCircle(o, account, name),
    answerCircle: (asker, circle, accept) => circles.answerCircle(o, o.invitations, asker, circle, accept),
    renameCircle: (asker, circle, name) => circles.renameCircle(o, catalogue, asker, circle, name),
    removeFromCircle: (asker, circle, contact) => circles.removeFromCircle(o, catalogue, asker, circle, contact),
    setCircleRole: (asker, circle, contact, role) => circles.setCircleRole(o, catalogue, asker, circle, contact, role),
  };
}
