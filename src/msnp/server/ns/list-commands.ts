import { LIST_ERRORS } from "../contacts.ts";
import { ListError } from "../state/lists.ts";
import { addByAddress, addByPrefix, removeContactLine } from "./contact-commands.ts";
import type { SessionCommand } from "./front.ts";
import { addGroup, removeGroup, renameGroup } from "./group-commands.ts";
import { changeName, contactProperty, privacy, property, reverseListPrompt } from "./settings-commands.ts";
import { synchronise } from "./synchronise.ts";

/** Contact lists, groups and profile over the notification server (source: msnp-core §5.2-5.5). */
export const LIST_COMMANDS: Readonly<Record<string, SessionCommand>> = {
  SYN: synchronise,
  GTC: reverseListPrompt,
  BLP: privacy,
  PRP: property,
  REA: changeName,
  SBP: contactProperty,
  ADG: refusable(addGroup),
  REG: refusable(renameGroup),
  RMG: refusable(removeGroup),
  ADD: refusable(addByAddress),
  ADC: refusable(addByPrefix),
  REM: refusable(removeContactLine),
};

/** Turns a refused list change into its error number (source: msnp-core §1.9). */
function refusable(command: SessionCommand): SessionCommand {
  return (session, request) => {
    try {
      command(session, request);
    } catch (error) {
      if (!(error instanceof ListError)) throw error;
      const { fault } = error;
      session.send(fault === "no-such-account" ? session.dialect.unknownPerson : LIST_ERRORS[fault], request.args[0]);
    }
  };
}
