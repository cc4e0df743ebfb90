import { type ChildProcess, fork } from "node:child_process";
import { describeFailure } from "./failure.ts";

/** What a process of the bench can be asked; each takes one plain value and answers with one. */
// biome-ignore lint/suspicious/noExplicitAny: the values differ per question and are checked where they are used
export type Questions = Record<string, (value: any) => unknown>;

interface Asked {
  readonly id: number;
  readonly what: string;
  readonly value: unknown;
}

type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failed: string }
  | { readonly id: "ready" };

/** A process of the bench's own that answers questions; it ends with this one. */
export class Child<Q extends Questions> {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #ended: Promise<void>;
  #asked = 0;

  private constructor(child: ChildProcess, name: string) {
    this.#process = child;
    this.#ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        for (const { reject } of this.#waiting.values()) reject(new Error(`${name} ended (${signal ?? code})`));
        this.#waiting.clear();
        resolve();
      });
    });
    child.on("message", (message) => this.#take(message as Answer));
  }

  /** Starts the program, a file that calls {@link answer}, and waits until it is ready. */
  static async start<Q extends Questions>(program: URL): Promise<Child<Q>> {
    const process = fork(program, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const child = new Child<Q>(process, program.pathname.split("/").at(-1) ?? "a process");
    const ready = Promise.withResolvers<unknown>();
    child.#waiting.set(0, ready);
    await ready.promise;
    return child;
  }

  /** @throws Error with what the process said went wrong, or when it has ended */
  async ask<K extends keyof Q & string>(what: K, value: Parameters<Q[K]>[0]): Promise<Awaited<ReturnType<Q[K]>>> {
    this.#asked += 1;
    const id = this.#asked;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#process.send({ id, what, value } satisfies Asked);
    return (await waiting.promise) as Awaited<ReturnType<Q[K]>>;
  }

  /** Ends it; whatever it holds open goes with it. */
  async stop(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#ended;
  }

  #take(answer: Answer): void {
    const id = answer.id === "ready" ? 0 : answer.id;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if ("failed" in answer) waiting?.reject(new Error(answer.failed));
    else waiting?.resolve("value" in answer ? answer.value : undefined);
  }
}

/** The other side of {@link Child}: answers until the parent is gone. */
export function answer(questions: Questions): void {
  const send = (message: Answer): void => {
    process.send?.(message);
  };
  process.on("message", (message) => {
    const { id, what, value } = message as Asked;
    const question = questions[what];
    Promise.resolve()
      .then(() => {
        if (question === undefined) throw new Error(`nobody here answers ${what}`);
        return question(value);
      })
      .then(
        (answered) => send({ id, value: answered }),
        (error: unknown) => send({ id, failed: describeFailure(error) }),
      );
  });
  process.on("disconnect", () => process.exit());
  send({ id: "ready" });
}
