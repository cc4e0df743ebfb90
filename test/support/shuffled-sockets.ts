/**
 * Loaded before a program (`node --import`), makes each of its sockets hand over what it reads a random time later, in order
 * per socket: what comes over different connections then comes in any order, and whatever goes by chance shows it.
 * `MSNBRIDGE_SHUFFLE` is the seed; each process draws others from it.
 */
import { Socket } from "node:net";
import { Readable } from "node:stream";

/** Shares of what is read: handed over at once, within 5 ms, within 45 ms; the rest within 180 ms. */
const SHARES = [0.6, 0.93, 0.99] as const;

let state = (Number(process.env.MSNBRIDGE_SHUFFLE ?? "1") * 2_654_435_761 + process.pid) >>> 0;

/** From 0 to 1; a generator of its own, for programs may replace Math.random. */
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}

/** Ms until something that was read is handed over. */
function wait(): number {
  const share = random();
  if (share < SHARES[0]) return 0;
  if (share < SHARES[1]) return random() * 5;
  if (share < SHARES[2]) return 5 + random() * 40;
  return 60 + random() * 120;
}

type Pushed = Parameters<Readable["push"]>;

// Programs under test may replace the global one.
const { setTimeout } = globalThis;
const held = new WeakMap<Socket, Pushed[]>();

Socket.prototype.push = function push(this: Socket, ...what: Pushed): boolean {
  const before = held.get(this);
  if (before !== undefined) {
    before.push(what);
    return true;
  }
  const ms = wait();
  if (ms < 1) return Readable.prototype.push.apply(this, what);
  held.set(this, [what]);
  setTimeout(() => {
    const all = held.get(this) ?? [];
    held.delete(this);
    for (const one of all) {
      if (this.destroyed) return;
      Readable.prototype.push.apply(this, one);
      // What the socket itself does when it has read the end.
      if (one[0] === null) this.read(0);
    }
  }, ms);
  return true;
};
