import type { Command } from "../wire/command.ts";

const MASK = "[sealed]";

/** How many arguments of a line may be shown; the rest are tickets, proofs or cookies. */
function shownArgs(name: string, args: readonly (string | number)[]): number {
  const cookie = args.indexOf("CKI");
  if (cookie >= 0) return cookie + 1;
  if (name === "ANS") return 2;
  if (name !== "USR") return args.length;
  const step = args[2];
  if (step === "S" || step === "A") return 3;
  const isSwitchboard = String(args[1]).includes("@") && step !== "OK";
  return isSwitchboard ? 2 : args.length;
}

/** A line for traces: credentials masked, the payload only by its size. */
export function maskedLine(command: {
  readonly name: string;
  readonly args: readonly (string | number)[];
  readonly payload?: Command["payload"] | string;
}): string {
  const { name, args, payload } = command;
  const shown = shownArgs(name, args);
  const visible = args.slice(0, shown).join(" ");
  const hidden = args.length > shown ? ` ${MASK}` : "";
  const size = payload === undefined ? "" : ` (+${Buffer.byteLength(payload)} bytes)`;
  return `${name}${visible === "" ? "" : ` ${visible}`}${hidden}${size}`;
}
