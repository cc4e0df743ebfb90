import { MsnpError } from "../errors.ts";

/** ms until the one who stores offline messages must have done it. */
const STORE_TIMEOUT = 120_000;

/** Awaits the storing of offline messages, not for ever. Rejects with what it rejects with, or MsnpError `timeout`. */
export async function inTime(storing: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new MsnpError("timeout", `Storing took longer than ${STORE_TIMEOUT} ms`));
    timer = setTimeout(fail, STORE_TIMEOUT);
  });
  try {
    await Promise.race([storing, late]);
  } finally {
    clearTimeout(timer);
  }
}
