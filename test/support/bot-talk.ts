/** What people say to the bridge's bot on Matrix, and what people on MSN do about circles. */
import { setTimeout as pause } from "node:timers/promises";
import { type Linking, linkAccount } from "../../src/cli/sandbox/conversation.ts";
import type { MatrixPerson } from "../../src/cli/sandbox/matrix-person.ts";
import type { MsnGroup } from "../../src/cli/sandbox/msn-group.ts";
import type { MsnPerson } from "../../src/cli/sandbox/msn-person.ts";
import type { World } from "../../src/cli/sandbox/world.ts";

/** Time for one thing to cross a busy machine, ms. */
export const CROSS_MS = 60_000;
/** Between two askings of the same, ms. */
const AGAIN_MS = 250;

/** Somebody on Matrix, and their room with the bot. */
export class BotTalk {
  readonly person: MatrixPerson;
  readonly management: string;
  readonly #bot: string;

  private constructor(person: MatrixPerson, management: string, bot: string) {
    this.person = person;
    this.management = management;
    this.#bot = bot;
  }

  /** Somebody who links an account. */
  static async link(world: Linking & Pick<World, "matrix">, name: string, account: string): Promise<BotTalk> {
    const person = await world.matrix(name);
    return new BotTalk(person, await linkAccount(world, person, account), world.bridge.setup.bot);
  }

  /** Somebody who links none. */
  static async meet(world: World, name: string): Promise<BotTalk> {
    const person = await world.matrix(name);
    const { bot } = world.bridge.setup;
    const talk = new BotTalk(person, await person.startDirect(bot), bot);
    await talk.hear(/Hello!/);
    return talk;
  }

  /** Says a line in the room with the bot, and gives the answer. */
  async command(line: string, answer: RegExp): Promise<string> {
    const before = this.told().length;
    await this.person.sendText(this.management, line);
    return await this.hear(answer, before);
  }

  /**
   * Asks until the answer is that one: right after a start, an account may not be signed in yet or not know all of its
   * circles.
   */
  async ask(line: string, answer: RegExp): Promise<string> {
    const deadline = Date.now() + CROSS_MS;
    for (;;) {
      const last = await this.command(line, /./);
      if (answer.test(last)) return last;
      if (Date.now() > deadline) throw new Error(`the bot's last answer to "${line}" was: ${last}`);
      await pause(AGAIN_MS);
    }
  }

  /** All that the bot has said in that room. */
  told(): readonly string[] {
    return this.person.room(this.management).texts(this.#bot);
  }

  /** Waits for something that the bot says there, from some place on. */
  async hear(text: RegExp, from = 0): Promise<string> {
    return await this.person.waitFor(
      `the bot to say ${text}`,
      () =>
        this.told()
          .slice(from)
          .find((one) => text.test(one)),
      CROSS_MS,
    );
  }

  /** Accepts the bridge's invitation into a group's room; `known` are rooms that are not meant. */
  async enter(...known: readonly string[]): Promise<string> {
    const { person } = this;
    const { roomId } = await person.waitFor(
      "the invitation",
      () =>
        [...person.invites.values()].find(
          ({ from, space, roomId: room }) => from === this.#bot && !space && !known.includes(room),
        ),
      CROSS_MS,
    );
    await person.join(roomId);
    return roomId;
  }
}

/** Somebody on MSN accepts the invitation into a circle. Gives its chat. */
export async function acceptCircle(person: MsnPerson, name: string): Promise<MsnGroup> {
  const id = await person.waitFor(
    `the invitation into ${name}`,
    () => [...person.circles.list.values()].find((one) => one.name === name && one.state === "invited")?.id,
    CROSS_MS,
  );
  await person.circles.accept(id);
  return person.circle(id);
}

/** Somebody on MSN reads something in a conversation. */
export async function reads(person: MsnPerson, group: MsnGroup, text: string, from?: string): Promise<void> {
  await person.waitFor(`"${text}" in the conversation`, () => group.texts(from).includes(text), CROSS_MS);
}
