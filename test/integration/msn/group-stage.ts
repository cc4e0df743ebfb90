import type { GroupWords, LiveGroup } from "../../../src/bridge/groups/model.ts";
import { parseContactAddress, parseNetworkName } from "../../../src/bridge/model.ts";
import { type CircleInvitation, type GroupTalking, talksInGroups } from "../../../src/bridge/ports/groups.ts";
import type { Session } from "../../../src/bridge/ports/network.ts";
import { Secret } from "../../../src/bridge/secret.ts";
import { createMsnNetwork } from "../../../src/msn/network.ts";
import {
  type DialectName,
  type Email,
  type MsnClient,
  type MsnClientOptions,
  parseMachineGuid,
} from "../../../src/msnp/index.ts";
import type { NetworkOptions } from "../../../src/msnp/server/index.ts";
import { deaf, silent, until } from "../../unit/bridge/support.ts";
import { ACCOUNTS, next, Stage } from "../msnp-client/stage.ts";

const QUICK = { refresh: 20, gather: 500, ring: 3000 };

/** One account at the bridge, and what the core hears of it, in one list as it came. */
export interface Ours {
  readonly session: Session & GroupTalking;
  /** `group alice,bob`, `message bob: hi #mark`, `typing bob`, `ended`, `invited Book club`, `direct bob: hi`. */
  readonly log: string[];
  readonly words: GroupWords[];
  readonly groups: LiveGroup[];
  readonly invitations: CircleInvitation[];
  /** Waits for a line. */
  heard(line: string): Promise<void>;
}

/** A network with accounts of the bridge and people at clients of their own. */
export class GroupStage {
  readonly stage: Stage;
  readonly #dialect: DialectName;
  readonly #sessions: Session[] = [];

  private constructor(stage: Stage, dialect: DialectName) {
    this.stage = stage;
    this.#dialect = dialect;
  }

  static async open(dialect: DialectName, options: NetworkOptions = {}): Promise<GroupStage> {
    return new GroupStage(await Stage.open(options), dialect);
  }

  /** Somebody at a client of their own. */
  person(email: Email, more: Partial<MsnClientOptions> = {}): Promise<MsnClient> {
    return this.stage.signedIn(email, this.#dialect, { timeouts: QUICK, ...more });
  }

  /** The same account at another place. */
  laptop(email: Email): Promise<MsnClient> {
    const machineGuid = parseMachineGuid("{aaaaaaaa-0000-4000-8000-000000000002}");
    return this.person(email, { machineGuid, endpointName: "Laptop" });
  }

  /** An account at the bridge. */
  async ours(email: Email, seat = 1): Promise<Ours> {
    const side = createMsnNetwork({
      name: parseNetworkName("toynet"),
      title: "Toynet",
      services: this.stage.network.services,
      dialects: [this.#dialect],
      timeouts: QUICK,
      log: silent,
    });
    const log: string[] = [];
    const [words, groups, invitations]: [GroupWords[], LiveGroup[], CircleInvitation[]] = [[], [], []];
    const hooks = {
      ...deaf,
      closed: () => {},
      message: (said: GroupWords) => void log.push(`direct ${lineOf(said)}`),
      groups: {
        group: (live: LiveGroup) => {
          groups.push(live);
          log.push(`group ${peopleOf(live)}`);
        },
        ended: () => void log.push("ended"),
        message: (live: LiveGroup, said: GroupWords) => {
          if (groups.at(-1) !== live && !groups.includes(live)) throw new Error("words of a group that was not told");
          words.push(said);
          log.push(`message ${lineOf(said)}`);
        },
        typing: (_: LiveGroup, from: string) => void log.push(`typing ${short(from)}`),
        invited: (invitation: CircleInvitation) => {
          invitations.push(invitation);
          log.push(`invited ${invitation.name}`);
        },
      },
    };
    const password = new Secret(ACCOUNTS.find((account) => account.email === email)?.password ?? "");
    const credentials = { address: parseContactAddress(email), spelling: email, password };
    const machineGuid = `11111111-2222-4333-8444-${String(seat).padStart(12, "5")}`;
    const place = { machineGuid, availability: "online", text: "" } as const;
    const session = await side.signIn(credentials, place, hooks, new AbortController().signal);
    if (!talksInGroups(session)) throw new Error("an MSN session talks in groups");
    this.#sessions.push(session);
    const heard = async (line: string): Promise<void> => {
      await until(`"${line}" in ${JSON.stringify(log)}`, () => log.includes(line));
    };
    return { session, log, words, groups, invitations, heard };
  }

  async close(): Promise<void> {
    await Promise.all(this.#sessions.splice(0).map((session) => session.close()));
    await this.stage.close();
  }
}

export const short = (address: string): string => address.split("@")[0] ?? "";

/** `alice,bob,carol (pending)`; roles other than that of a member. */
export function peopleOf({ members, partial }: LiveGroup): string {
  const people = members.map(({ address, role }) => `${short(address)}${role === "member" ? "" : ` (${role})`}`);
  return `${people.join(",")}${partial ? " and others" : ""}`;
}

function lineOf({ from, text, mark, nudge, own }: GroupWords): string {
  const more = [mark && `#${mark}`, nudge && "!", own && `at ${own.device ?? "somewhere"}`].filter(Boolean);
  return [`${short(from)}: ${text}`, ...more].join(" ");
}

/** Collects the texts of all conversations of somebody, as `sender: text`. */
export function reading(person: MsnClient): { lines: string[]; heard(line: string): Promise<void> } {
  const lines: string[] = [];
  person.on("message", ({ from, body }) =>
    lines.push(`${short(from)}: ${body.kind === "text" ? body.text : body.kind}`),
  );
  return {
    lines,
    async heard(line) {
      while (!lines.includes(line)) await next(person, "message");
    },
  };
}
