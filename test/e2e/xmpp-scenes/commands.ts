import { expect, test } from "vitest";
import type { Stage } from "./stage.ts";

/** What can be said to the gateway: the same by text and by the menu of a client. */
export function sceneCommands(on: () => Stage): void {
  test("Anna says `help`, `contacts` and nonsense to the gateway", async () => {
    const { anna } = on();
    expect(await on().command(anna, "help", /link/)).toContain("contacts");
    expect(await on().command(anna, "contacts", /bob@msn\.test/)).toMatch(/Bob <bob@msn\.test>: online/);
    await on().command(anna, "open the pod bay doors", /`help`/);
  });

  test("the menu has every command that can be said; `status` answers at once", async () => {
    const { anna, gateway } = on();
    const commands = (await anna.ask.commands(gateway)).map(({ node }) => node ?? "");
    const help = await on().command(anna, "help", /link/);
    for (const name of commands) expect(help).toContain(name);
    const { status, notes, form } = await anna.ask.command(gateway, "status");
    expect(status).toBe("completed");
    expect(notes[0]?.text).toContain("alice@msn.test on Sandbox: signed in (MSNP18)");
    expect(form?.type).toBe("result");
  });

  test("a command can be cancelled, and one that does not exist is refused", async () => {
    const { anna, gateway } = on();
    const asking = await anna.ask.command(gateway, "rename");
    expect((await anna.ask.commandStep(asking, "cancel")).status).toBe("canceled");
    await expect(anna.ask.command(gateway, "format-c")).rejects.toThrow("item-not-found");
  });
}
