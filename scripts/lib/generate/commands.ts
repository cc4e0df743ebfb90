import { COMMANDS } from "../../../src/bridge/commands/commands.ts";
import { usage } from "../../../src/bridge/commands/registry.ts";
import { NOTE, table } from "./text.ts";

/** `docs/commands.md`: what one can say to the bot. */
export function commandDocs(): string {
  const rows = COMMANDS.map((command) => [
    `\`${usage(command)}\``,
    command.summary,
    command.args.map((arg) => `\`${arg.name}\`: ${arg.help}`).join("; "),
    command.needsAccount ? "yes" : "no",
  ]);
  return `# What to say to the bot

${NOTE}

Start a chat with the bridge's bot and say one of these. \`<…>\` must be given, \`[…]\` may be left out.

${table(["command", "what it does", "arguments", "needs a linked account"], rows)}

## Groups

A chat with several people has one room in each home, made with the first word in it. \`portals\` numbers your rooms; a chat is
named by that number, by its name, or by the key that is shown there, as in \`circle-5e1f2a3b4c5d\`. Where something follows that
could be part of the name, the name stands in quotes. Said in the room itself the chat need not be named: start the line with
\`!msn\`. \`help <command>\` says what may stand behind a command.

- **A room of your own for a group**: ask the bridge's bot into it and say \`!msn bridge <group>\` there. You need the power to change
  the room's settings, and on MSN's side to be an admin of the circle; of other groups it is enough to be in them. The room
  that the group had before is let go. \`!msn unbridge\` undoes it.
- **A relay**: who has no account in the group is heard only through one. \`relay set\` lends yours, \`relay prefix on\` puts the
  speakers' names in front of what they say, and the topic of the room says so (a note in the room, where the bridge may not
  write the topic). Only the owner of an account lends it; the operator may lend some, too (\`permissions.relays\`). You need
  the power over the group or over the room that is tied to it.
- **A room that has stopped** because the bot was thrown out: ask it in again and say \`portal resume\`; what was said meanwhile
  comes then. When it was upgraded and the bot was not asked into the new one in time: ask it in there, and \`portal resume\`
  with the group's name takes the group along. Or give it up with \`unbridge\`, and the group gets a new room.
- **The end of a room**: \`portal delete\` says what would go and names a word that does it. You stay in the group, whose next
  word opens a new room; \`leave\` takes you out of the group.
- \`groups\` is something else: the groups of your contact list.
`;
}
