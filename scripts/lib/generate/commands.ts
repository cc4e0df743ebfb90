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
`;
}
