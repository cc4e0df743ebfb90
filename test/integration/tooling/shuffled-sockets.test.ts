import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

const SHUFFLE = new URL("../../support/shuffled-sockets.ts", import.meta.url).href;
const CONNECTIONS = 8;
const LINES = 20;

/** Says which connection each line came by, as a program that reads several has them. */
const READER = `
  import { connect } from "node:net";
  import { createInterface } from "node:readline";
  for (let i = 0; i < ${CONNECTIONS}; i += 1) {
    const socket = connect(Number(process.argv[1]), "127.0.0.1");
    createInterface({ input: socket }).on("line", (line) => console.log(i + " " + line)).on("close", () => console.log(i + " end"));
  }
`;

async function readBy(seed: string): Promise<string[]> {
  const server = createServer(async (socket) => {
    for (let line = 0; line < LINES; line += 1) {
      socket.write(`${line}\n`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    socket.end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const args = ["--import", SHUFFLE, "--input-type=module", "-e", READER, String(port)];
  const reader = spawn(process.execPath, args, {
    env: { ...process.env, MSNBRIDGE_SHUFFLE: seed },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const read = await text(reader.stdout);
  server.close();
  return read.trim().split("\n");
}

test("each connection brings all of its lines in order, and which connection is first is chance", async () => {
  const runs = [await readBy("1"), await readBy("2"), await readBy("3")];
  for (const lines of runs)
    for (let i = 0; i < CONNECTIONS; i += 1) {
      const mine = lines.filter((line) => line.startsWith(`${i} `)).map((line) => line.split(" ")[1]);
      expect(mine).toEqual([...Array.from({ length: LINES }, (_, n) => String(n)), "end"]);
    }
  const ends = runs.map((lines) => lines.filter((line) => line.endsWith("end")).join());
  expect(new Set(ends).size).toBeGreaterThan(1);
});
