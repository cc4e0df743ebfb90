import type { Conversation, Email, IncomingMessage } from "../../msnp/index.ts";

/** Something that was said in a group. */
export interface SaidInGroup {
  readonly from: Email;
  readonly text: string;
  readonly at: number;
}

/** One conversation of several people as somebody at an MSN client sees it. */
export class MsnGroup {
  /** What the others have said, oldest first. */
  readonly messages: SaidInGroup[] = [];
  readonly nudges: Email[] = [];
  readonly #conversation: Conversation;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  get kind(): Conversation["kind"] {
    return this.#conversation.kind;
  }

  get id(): string | undefined {
    return this.#conversation.id;
  }

  get name(): string {
    return this.#conversation.name ?? "";
  }

  /** Addresses of the others who are there now, in alphabetical order. */
  get members(): readonly string[] {
    return [...this.#conversation.members].sort();
  }

  isOf(conversation: Conversation): boolean {
    return this.#conversation === conversation;
  }

  /** Texts of one of them, or of all. */
  texts(from?: string): string[] {
    return this.messages.filter((one) => from === undefined || one.from === from).map(({ text }) => text);
  }

  /** Resolves when the server has acknowledged the text. @throws SendError */
  async say(text: string): Promise<void> {
    await this.#conversation.sendText(text);
  }

  async type(): Promise<void> {
    await this.#conversation.sendTyping();
  }

  async nudge(): Promise<void> {
    await this.#conversation.sendNudge();
  }

  /** @throws SendError */
  async invite(email: Email): Promise<void> {
    await this.#conversation.invite(email);
  }

  async leave(): Promise<void> {
    await this.#conversation.leave();
  }

  see({ from, body, receivedAt }: IncomingMessage): void {
    if (body.kind === "text") this.messages.push({ from, text: body.text, at: receivedAt });
    if (body.kind === "nudge") this.nudges.push(from);
  }
}
