/** Something about the machine or the configuration keeps the store from starting; for the operator, who can mend it. */
export class StoreSetupError extends Error {
  override readonly name = "StoreSetupError";
  /** What to do next, one sentence. */
  readonly remedy: string;

  constructor(problem: string, remedy: string, options: { cause?: unknown } = {}) {
    super(`${problem} ${remedy}`, options);
    this.remedy = remedy;
  }
}
