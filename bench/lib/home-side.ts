/** What the stub servers of all homes are asked alike: to have their residents talk, and what has come for them. */
import { Arrivals, paced } from "./arrivals.ts";
import { sharedNow, stamped } from "./stats.ts";

/** A resident and the ghost they write to, each as its home's server calls it. */
export interface Chat {
  readonly room: string;
  readonly resident: string;
  readonly ghost: string;
}

/** Brings words to one bridge, or to what stands in its place. */
export interface Speaker {
  say(chat: Chat, text: string): void;
  /** Resolves when everything has been taken. */
  finished(): Promise<void>;
}

/** Residents talk through `speaker`; what comes is to be told to `sent` (texts) and `receipts`. */
export function homeSide(speaker: (to: string) => Speaker) {
  const sent = new Arrivals();
  const receipts = new Arrivals();
  const questions = {
    /** Everybody in turn writes a stamped text. @returns how many */
    async pace(o: { to: string; perSecond: number; seconds: number; chats: readonly Chat[] }): Promise<number> {
      const talk = speaker(o.to);
      const total = await paced(o.perSecond, o.seconds, (n) => {
        const chat = o.chats[n % o.chats.length];
        if (chat !== undefined) talk.say(chat, stamped(`Message number ${n}, as people write them.`));
      });
      await talk.finished();
      return total;
    },
    /** As many texts as fast as they are taken. @returns how many */
    async flood(o: { to: string; each: number; chats: readonly Chat[] }): Promise<number> {
      const talk = speaker(o.to);
      for (let n = 0; n < o.each; n++)
        for (const chat of o.chats) talk.say(chat, `Message number ${n}, one of very many.`);
      await talk.finished();
      return o.each * o.chats.length;
    },
    forget: (): void => {
      sent.forget();
      receipts.forget();
    },
    /** @returns the moment (shared clock) at which it was seen */
    async arrived(o: { what: "send" | "receipt"; count: number; timeoutMs: number }): Promise<number> {
      await (o.what === "send" ? sent : receipts).wait(o.count, o.timeoutMs);
      return sharedNow();
    },
    ages: (): readonly number[] => sent.ages,
    cpu: () => process.cpuUsage(),
  };
  return { sent, receipts, questions };
}

export type HomeQuestions = ReturnType<typeof homeSide>["questions"];
