/** The command line. Each verb loads its own code only when it is called: `init` needs no Matrix library. */
import { Command, CommanderError, Option } from "commander";
import { EXIT, explainExit } from "./exit-codes.ts";
import { version } from "./version.ts";

interface ConfigOption {
  readonly config?: string;
}

const CONFIG = ["-c, --config <file>", "the config file (default: $MSNBRIDGE_CONFIG, else config.yaml here)"] as const;

function program(finish: (code: number) => void): Command {
  const root = new Command("msnbridge")
    .description("Bridge between MSN Messenger networks, Matrix and XMPP.")
    .version(version())
    .exitOverride()
    .showSuggestionAfterError();

  root
    .command("run")
    .description("serve until SIGTERM or Ctrl-C")
    .option(...CONFIG)
    .action(async (options: ConfigOption) => {
      const { readConfig } = await import("./config-file.ts");
      const loaded = readConfig(options.config);
      const { loadWithoutNativeCrypto } = await import("./matrix-library.ts");
      const { run } = await loadWithoutNativeCrypto(() => import("./run.ts"));
      finish(await run(loaded));
    });

  root
    .command("check")
    .description("test config, store, homeserver and MSN networks, with a fix for what fails")
    .option(...CONFIG)
    .action(async (options: ConfigOption) => {
      const { check } = await import("./check/check.ts");
      finish(await check(options.config));
    });

  root
    .command("registration")
    .description("write the registration for the homeserver from the config")
    .option(...CONFIG)
    .option("--print", "print it instead; the file is left alone")
    .addOption(new Option("--update", "rewrite it from the config, keeping id and tokens").conflicts("force"))
    .option("--force", "write it anew, with new tokens")
    .addOption(
      new Option(
        "--double-puppet",
        "the second one instead, by which the bridge posts as people what they say in their own Messenger",
      ).conflicts("update"),
    )
    .action(async (options: import("./registration.ts").RegistrationOptions) => {
      const { writeRegistration } = await import("./registration.ts");
      finish(writeRegistration(options));
    });

  root
    .command("init")
    .description("ask six questions, then write config, registration and sealing key")
    .option("--folder <folder>", "where the files go", ".")
    .option("--server-name <name>", "the server name, as in @you:<name>")
    .option("--homeserver-url <url>", "where the bridge reaches the homeserver")
    .option("--bridge-url <url>", "where the homeserver reaches the bridge")
    .option("--public-url <url>", "how people reach the link pages")
    .option("--networks <names>", "MSN networks, separated by commas")
    .option("--admin <id>", "who may steer the bridge, as @you:server or you@server")
    .option("--double-puppet", "also let the bridge post as people of your server what they say in their own Messenger")
    .option("--xmpp <component>", "also be a component of your XMPP server, under this domain, as msn.example.org")
    .option("--xmpp-client <jid>", "or use an ordinary XMPP account, as msn@example.org, where no component can be had")
    .option("--personal", "that account is your own, and only you use the bridge")
    .option("--no-matrix", "without Matrix: people live on XMPP alone")
    .option("--force", "overwrite files that are there; tokens and keys are made anew")
    .action(async (options: import("./init/init.ts").InitOptions) => {
      const { init } = await import("./init/init.ts");
      finish(await init(options));
    });

  root
    .command("probe")
    .description("try an MSN network with test accounts: every dialect, stage by stage and feature by feature")
    .requiredOption("--network <name>", "the network profile; `sandbox` starts the embedded network")
    .option(
      "--accounts <addresses>",
      "one to three addresses, separated by commas; two talk with each other, three in a group",
    )
    .option("--passwords <file>", "lines `address password` (or set MSNBRIDGE_TEST_PASSWORD_1, _2 and _3)")
    .option("--dialects <names>", "e.g. MSNP18,MSNP8; default all of the profile")
    .option("--transports <names>", "tcp, tls, gateway; default those of the profile")
    .option("--folder <folder>", "a folder of own profiles")
    .option("--patience <seconds>", "how long anything may take")
    .option("--json", "print JSON instead of tables")
    .option("--trace", "print every line of the protocol; credentials are masked")
    .action(async (options: import("./probe/probe.ts").ProbeOptions) => {
      const { probe } = await import("./probe/probe.ts");
      finish(await probe(options));
    });

  root
    .command("rebuild")
    .description("restore chats and groups from the rooms of the homeserver, when Redis has lost everything")
    .option(...CONFIG)
    .option("--dry-run", "show what would be restored, and change nothing")
    .option("--merge", "also when Redis has accounts or groups; what is there stays as it is")
    .action(async (options: import("./rebuild/rebuild.ts").RebuildOptions) => {
      const { rebuild } = await import("./rebuild/rebuild.ts");
      finish(await rebuild(options));
    });

  root
    .command("sandbox")
    .description("start a Matrix and an XMPP server, an MSN network and the bridge on this machine, to try things out")
    .option("--check", "play scripted conversations through all of it, then end")
    .action(async (options: { check?: true }) => {
      const { sandbox } = await import("./sandbox/main.ts");
      finish(await sandbox({ check: options.check ?? false }));
    });

  return root;
}

/** Runs one command line (without `node` and the program's name). @returns the exit code, never throws. */
export async function main(args: readonly string[]): Promise<number> {
  let code: number = EXIT.ok;
  // `msnbridge check | head` closes the pipe early; that is no defect.
  process.stdout.on("error", (error: NodeJS.ErrnoException) =>
    process.exit(error.code === "EPIPE" ? code : EXIT.software),
  );
  try {
    await program((result) => {
      code = result;
    }).parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    // Commander has printed its own message already; asking for help or the version is no fault.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const end = explainExit(error);
    console.error(`msnbridge: ${end.text}`);
    return end.code;
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
