import { onTestFailed } from "vitest";

/** `npm run test:long`: there is time for many random inputs. */
export const isLong: boolean = process.env.MSNBRIDGE_LONG === "1";

/**
 * Where the random inputs of this run begin. `npm test` tries the same ones on each machine and each day, so that what
 * fails is what was changed; `npm run test:long` tries others each time, and MSNBRIDGE_SEED repeats those of an earlier run.
 */
export const SEED: number = seedOf(process.env.MSNBRIDGE_SEED);

/**
 * The second argument of each `fc.assert`: how many random inputs the property is tried with in `npm test` and in
 * `npm run test:long`, and where they begin. When it fails fast-check tells the seed.
 */
export function cases(quick: number, long: number): { readonly numRuns: number; readonly seed: number } {
  return { numRuns: isLong ? long : quick, seed: SEED };
}

/** For a test that draws its inputs otherwise than by `fc.assert`: {@link SEED}, which is told when that test fails. */
export function toldSeed(): number {
  onTestFailed(() => {
    process.stderr.write(`its random inputs come again with MSNBRIDGE_SEED=${SEED}\n`);
  });
  return SEED;
}

function seedOf(named: string | undefined): number {
  if (named === undefined) return isLong ? Math.floor(Math.random() * 2 ** 31) : 20_261_122;
  if (!/^-?\d{1,10}$/.test(named)) throw new Error(`MSNBRIDGE_SEED is a whole number, not "${named}"`);
  return Number(named) | 0;
}
