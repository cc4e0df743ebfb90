import { randomUUID } from "node:crypto";
import {
  type Circles,
  type CloseReason,
  type Conversation,
  type DialectName,
  type Email,
  MsnClient,
  type MsnClientOptions,
  type MsnContact,
  type MsnServices,
  type MsnStatus,
  parseEmail,
  parseMachineGuid,
  type Roster,
  type TextFormat,
} from "../../msnp/index.ts";
import { MsnGroup } from "./msn-group.ts";
import type { Trace } from "./trace.ts";
import { Watchers } from "./watchers.ts";

export interface MsnPersonOptions {
  readonly email: string;
  readonly password: string;
  readonly services: MsnServices;
  readonly dialect: DialectName;
  /** Where the client is to be more impatient than usual. */
  readonly timeouts?: MsnClientOptions["timeouts"];
  readonly trace?: Trace | undefined;
}

/** Something a person at an MSN client has seen. */
export interface SeenMessage {
  readonly from: Email;
  readonly text: string;
  /** How the message is to look, as far as it says. */
  readonly format: TextFormat | undefined;
  readonly at: number;
}

/** For what will come, on however busy a machine. */
const WAIT_MS = 60_000;

/** A person at an MSN client, for tests and for the sandbox: the counterpart of MatrixPerson. */
export class MsnPerson {
  readonly email: Email;
  readonly messages: SeenMessage[] = [];
  readonly typists: { readonly from: Email; readonly at: number }[] = [];
  /** Who has nudged, oldest first. */
  readonly nudges: Email[] = [];
  /** Conversations of several people, oldest first, those of earlier sessions too. */
  readonly groups: MsnGroup[] = [];
  /** Names of the circles that one is asked into, oldest first. */
  readonly circleInvites: string[] = [];
  readonly #options: MsnPersonOptions;
  readonly #watchers = new Watchers();
  #client: MsnClient;
  #closed: CloseReason | undefined;

  private constructor(options: MsnPersonOptions) {
    this.#options = options;
    this.email = parseEmail(options.email);
    this.#client = this.#makeClient();
  }

  /** @throws SignInError */
  static async signIn(options: MsnPersonOptions): Promise<MsnPerson> {
    const person = new MsnPerson(options);
    await person.#client.signIn(AbortSignal.timeout(60_000));
    return person;
  }

  get closed(): CloseReason | undefined {
    return this.#closed;
  }

  /** The address of an account as this person sees it now. */
  contact(email: string): MsnContact | undefined {
    return this.#client.contacts.get(parseEmail(email));
  }

  /** The contact list, to be changed. */
  get roster(): Roster {
    return this.#client.roster;
  }

  get circles(): Circles {
    return this.#client.circles;
  }

  /** Calls these into a new conversation; resolves when somebody is there. @throws SendError */
  async startGroup(...emails: readonly string[]): Promise<MsnGroup> {
    return this.#groupOf(await this.#client.startGroup(emails.map(parseEmail)));
  }

  /** The chat of a circle. @throws MsnpError `no-such-circle` */
  circle(id: string): MsnGroup {
    return this.#groupOf(this.#client.circles.conversation(id));
  }

  /** The newest conversation in which exactly these others are. */
  groupWith(...emails: readonly string[]): MsnGroup | undefined {
    const wanted = emails.toSorted().join(" ");
    return this.groups.findLast((group) => group.members.join(" ") === wanted);
  }

  #groupOf(conversation: Conversation): MsnGroup {
    const known = this.groups.find((group) => group.isOf(conversation));
    if (known !== undefined) return known;
    const group = new MsnGroup(conversation);
    this.groups.push(group);
    return group;
  }

  /** Signs in again after {@link signOut} or a lost connection. @throws SignInError */
  async signInAgain(): Promise<void> {
    this.#client = this.#makeClient();
    this.#closed = undefined;
    await this.#client.signIn(AbortSignal.timeout(60_000));
  }

  async signOut(): Promise<void> {
    await this.#client.signOut();
  }

  /** Resolves when the server has acknowledged the text. @throws SendError */
  async say(to: string, text: string, format?: TextFormat): Promise<void> {
    await this.#client.conversation(parseEmail(to)).sendText(text, format);
    this.#options.trace?.(`msn ${this.#name}`, `says to ${to}: ${text}`);
  }

  async type(to: string): Promise<void> {
    await this.#client.conversation(parseEmail(to)).sendTyping();
  }

  async nudge(to: string): Promise<void> {
    await this.#client.conversation(parseEmail(to)).sendNudge();
  }

  async setStatus(status: MsnStatus): Promise<void> {
    await this.#client.setStatus(status);
  }

  async setPersonalMessage(text: string): Promise<void> {
    await this.#client.setPersonalMessage({ text });
  }

  /** What is playing; nothing when no title is given. */
  async listenTo(title = "", artist = ""): Promise<void> {
    const media = { application: "WMP", type: "Music", enabled: true, format: "{0} - {1}", args: [artist, title] };
    await this.#client.setPersonalMessage({ text: "", ...(title === "" ? {} : { media }) });
  }

  async setDisplayName(name: string): Promise<void> {
    await this.#client.setDisplayName(name);
  }

  /** The texts that came from someone, oldest first. */
  textsFrom(email: string): string[] {
    return this.messages.filter((message) => message.from === email).map((message) => message.text);
  }

  /**
   * Waits until `find` gives something other than undefined or false; asked again after each thing that happens.
   * @param what completes the sentence "bob waited for …"
   * @throws Error after `timeoutMs`
   */
  async waitFor<T>(what: string, find: () => T | undefined | false, timeoutMs = WAIT_MS): Promise<T> {
    return await this.#watchers.waitFor(find, {
      timeoutMs,
      gaveUp: (why) => new Error(`${this.#name} ${why} for ${what}, in vain`),
    });
  }

  async waitForText(text: string, timeoutMs?: number): Promise<SeenMessage> {
    return await this.waitFor(`"${text}"`, () => this.messages.find((message) => message.text === text), timeoutMs);
  }

  get #name(): string {
    return this.email.slice(0, this.email.indexOf("@"));
  }

  #makeClient(): MsnClient {
    const { services, dialect, password, timeouts, trace } = this.#options;
    const client = new MsnClient({
      services,
      dialects: [dialect],
      email: this.email,
      password: () => password,
      machineGuid: parseMachineGuid(randomUUID()),
      initialPresence: "NLN",
      ...(timeouts === undefined ? {} : { timeouts }),
      ...(trace === undefined
        ? {}
        : { trace: (direction, connection, line) => trace(`msn ${this.#name}`, `${connection} ${direction} ${line}`) }),
    });
    client.on("message", (message) => {
      const { from, body, receivedAt, conversation } = message;
      if (conversation.isGroup) this.#groupOf(conversation).see(message);
      else if (body.kind === "text") this.messages.push({ from, text: body.text, format: body.format, at: receivedAt });
      else if (body.kind === "nudge") this.nudges.push(from);
      this.#wake();
    });
    client.on("typing", ({ from }) => {
      this.typists.push({ from, at: Date.now() });
      this.#wake();
    });
    client.on("contactChanged", () => this.#wake());
    client.on("conversation", (conversation) => {
      if (conversation.isGroup) this.#groupOf(conversation);
      this.#wake();
    });
    client.on("membersChanged", () => this.#wake());
    client.on("circlesChanged", () => this.#wake());
    client.on("circleInvite", ({ name }) => {
      this.circleInvites.push(name);
      this.#wake();
    });
    client.on("closed", (reason) => {
      this.#closed = reason;
      this.#wake();
    });
    return client;
  }

  #wake(): void {
    this.#watchers.wake();
  }
}
