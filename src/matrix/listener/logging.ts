/**
 * Leads the log of matrix-appservice-bridge and of the bot SDK under it into pino (stack A2): the first is silent and the
 * second writes to the console unless told otherwise.
 */
import { createRequire } from "node:module";
import { inspect } from "node:util";
import { Logger as LibraryLogger } from "matrix-appservice-bridge";
import type { Logger } from "pino";

type Level = "debug" | "info" | "warn" | "error";

interface LogSink {
  setLogger(logger: Record<Level | "trace", (module: string, ...parts: unknown[]) => void>): void;
  setLevel(level: unknown): void;
}

/** What the library says is for debugging: the bridge reports by itself what went wrong. */
const LEVELS: Readonly<Record<string, Level>> = { error: "debug", warn: "debug", info: "debug", debug: "debug" };
const LIMIT = 2000;

function words(parts: readonly unknown[]): string {
  const text = parts.map((part) => (typeof part === "string" ? part : inspect(part, { depth: 2 }))).join(" ");
  return text.slice(0, LIMIT).replace(/access_token=[^&\s]+/g, "access_token=[sealed]");
}

/** Process-wide, as the library's loggers are; the last call wins. */
export function leadLibraryLogs(log: Logger): void {
  const write = (level: string, module: unknown, parts: readonly unknown[]): void => {
    const to = LEVELS[level] ?? "debug";
    if (log.isLevelEnabled(to)) log[to]({ module }, words(parts));
  };
  Object.defineProperty(LibraryLogger.root, "winston", {
    configurable: true,
    get: () => ({
      log: (level: string, entry: { module?: unknown; data?: unknown[] }) =>
        write(level, entry.module, entry.data ?? []),
    }),
  });
  // The SDK is the library's own dependency: it must be found from there, or another copy would be told.
  const here = createRequire(import.meta.url);
  const sdk = createRequire(here.resolve("matrix-appservice-bridge"))("@vector-im/matrix-bot-sdk") as {
    LogService: LogSink;
    LogLevel: { WARN: unknown };
  };
  // Its lower levels format every request; they tell nothing that the bridge's own metrics do not.
  sdk.LogService.setLevel(sdk.LogLevel.WARN);
  const to =
    (level: string) =>
    (module: string, ...parts: unknown[]) =>
      write(level, module, parts);
  sdk.LogService.setLogger({
    error: to("error"),
    warn: to("warn"),
    info: to("info"),
    debug: to("debug"),
    trace: to("debug"),
  });
}
