import { afterEach, describe, expect, it } from "vitest";
import type { MsnClient } from "../../../../src/msnp/index.ts";
import type { Script, ScriptedServer } from "../scripted-server.ts";
import { hearing, next } from "../stage.ts";
import { answer, BOB, bookClient, bytesOf, CAROL, command, GROUP, heard } from "./book-server.ts";

// Temporary groups at their end, against the answers of the book (source: msnp21 §5.4).
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function play(changes: Script): Promise<{ client: MsnClient; server: ScriptedServer }> {
  const { client, server, close } = await bookClient(changes, { circles: false });
  closing.push(close);
  await client.signIn();
  return { client, server };
}

const FROM_CAROL = bytesOf(command("T35", "server"));

describe("a temporary group", () => {
  it.each(["DEL $ OK 0\r\n", "DEL $ OK\r\n"])(
    "that is left (%j) does not come back by words that were under way",
    async (done) => {
      const { client, server } = await play({ DEL: `${FROM_CAROL}${done}` });
      const said = hearing(client);
      const groups: (string | undefined)[] = [];
      client.on("conversation", ({ id }) => groups.push(id));
      const told = next(client, "conversation");
      server.say(FROM_CAROL);
      const [group] = await told;
      await group.leave();
      expect(groups).toEqual([GROUP]);
      expect(said.lines).toEqual(["carol: hi from carol", "carol: hi from carol"]);
      expect(group.members.size).toBe(0);
      await expect(group.sendText("anybody?")).rejects.toMatchObject({ code: "closed", certainty: "not-sent" });
      expect(client.state).toBe("signed-in");
    },
  );

  it("into which one cannot go oneself is left again", async () => {
    const { client, server } = await play({ PUT: [answer("T11"), answer("T30"), "201 $\r\n"] });
    await expect(client.startGroup([BOB, CAROL])).rejects.toMatchObject({ name: "SendError", certainty: "not-sent" });
    expect(heard(server).filter((line) => line.startsWith("DEL "))).toHaveLength(1);
  });
});
