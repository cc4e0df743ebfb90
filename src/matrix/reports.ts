/** What becomes of a message, told to its sender by the message itself. */
import type { Logger } from "pino";
import { type Failure, type HomeName, type MessageId, type PortalRoom, residentParts } from "../bridge/model.ts";
import { failureText, statusContent } from "./convert/failure.ts";
import { notice } from "./convert/text.ts";
import { isRefusal, toBridgeError } from "./http/errors.ts";
import type { Sender } from "./sender.ts";
import type { BotVoice } from "./voice.ts";

export interface ReportsOptions {
  readonly home: HomeName;
  readonly sender: Sender;
  readonly voice: BotVoice;
  readonly bot: string;
  /** Whether senders are told by `com.beeper.message_send_status` events, too. */
  readonly status: boolean;
  readonly log: Logger;
}

export class Reports {
  readonly #o: ReportsOptions;

  constructor(options: ReportsOptions) {
    this.#o = options;
  }

  /** See {@link Home.reportFailure}. @throws BridgeError, MatrixRefusal, HomeserverSilent. */
  async failure(room: PortalRoom, message: MessageId, failure: Failure, key: string): Promise<MessageId> {
    const { sender, voice, bot } = this.#o;
    const mxid = residentParts(room.resident).id;
    const content = {
      ...notice(failureText(failure)),
      "m.relates_to": { "m.in_reply_to": { event_id: message } },
      "m.mentions": { user_ids: [mxid] },
    };
    const type = "m.room.message";
    try {
      const notice = await sender.postJoining({ room: room.room, as: bot, type, content, key });
      await this.#status(room.room, message, failure);
      return notice;
    } catch (error) {
      if (!isRefusal(error, "M_FORBIDDEN", "M_NOT_FOUND")) throw toBridgeError(error);
    }
    // The bot may not speak there: it says so where it may.
    return voice.say(mxid, undefined, failureText(failure), `${key} elsewhere`);
  }

  /** See {@link Home.confirm}. Never rejects. */
  async sent(room: string, message: MessageId): Promise<void> {
    try {
      await this.#o.sender.receipt(room, this.#o.bot, message);
      await this.#status(room, message);
    } catch (error) {
      this.#o.log.debug({ err: error, room }, "no read receipt");
    }
  }

  async #status(room: string, message: MessageId, failure?: Failure): Promise<void> {
    const { sender, bot, home, log, status } = this.#o;
    if (!status) return;
    const type = "com.beeper.message_send_status";
    const content = statusContent(home, message, failure);
    try {
      const key = `status ${message} ${failure?.code ?? "sent"}`;
      await sender.post({ room, as: bot, type, content, key, name: "send-status" });
    } catch (error) {
      log.debug({ err: error, room }, "no send status");
    }
  }
}
