/** The least that could stand where the MSN network and its people stand: a TCP relay and one client on it. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { Arrivals, paced } from "../lib/arrivals.ts";
import { answer } from "../lib/child.ts";
import { stamped } from "../lib/stats.ts";

const arrivals = new Arrivals();
let person: Socket | undefined;

const questions = {
  /** @returns the port at which the other one shall connect, before {@link person} */
  async start(): Promise<number> {
    const sockets: Socket[] = [];
    const server = createServer({ noDelay: true }, (socket) => {
      const mine = sockets.push(socket) - 1;
      socket.on("data", (chunk) => sockets[1 - mine]?.write(chunk));
      socket.on("error", () => socket.destroy());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  },
  async person(port: number): Promise<void> {
    person = connect({ host: "127.0.0.1", port, noDelay: true });
    await once(person, "connect");
    createInterface({ input: person }).on("line", (line) => arrivals.add(line));
  },
  async pace(o: { perSecond: number; seconds: number }): Promise<number> {
    return await paced(o.perSecond, o.seconds, (n) => person?.write(`${stamped(`Message number ${n}.`)}\n`));
  },
  arrived: (o: { count: number; timeoutMs: number }): Promise<void> => arrivals.wait(o.count, o.timeoutMs),
  forget: () => arrivals.forget(),
  ages: () => arrivals.ages,
};

export type RelayQuestions = typeof questions;

if (import.meta.main) answer(questions);
