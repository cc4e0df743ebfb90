import { describe, expect, test } from "vitest";
import { EVERY_VERSION, enter, online, play, settled } from "./book.ts";
import { openNetwork } from "./scene.ts";

const SMS = '<TEXT xml:space="preserve" enc="utf-8">hello</TEXT>';

describe("Features that were dead before the network was (msnp-core §7.4, §7.6-7.8)", () => {
  for (const dialect of EVERY_VERSION) {
    test(`${dialect}: searches and pages get silence, invitations by mail and mail addresses an answer`, async () => {
      await using network = await openNetwork();
      const alice = await enter(network, "alice", dialect);
      alice.say("FND 5 fname=Bob lname=B city=* state=* country=US", "LST 6 FL");
      alice.sayPayload("PAG 7 bob@example.com 1", SMS);
      alice.sayPayload("PGD 8 tel:+15551234 1", SMS);
      expect(await settled(alice)).toEqual([]);
      await play(
        alice,
        `
>>> SND 9 x@y.com
<<< SND 9 OK
>>> SND 10 x@y.com 0x0409 MSMSGS WindowsMessenger
<<< SND 10 OK
>>> URL 11 INBOX
<<< URL 11 /unused1 /unused2 1
>>> IMS 12 OFF
<<< IMS 12 0 OFF
>>> IMS 13 MAYBE
<<< 715 13
>>> IMS 14 ON
<<< IMS 14 0 ON`,
      );
      alice.sayPayload("SDC 44 x@y.com 0x0409 MSMSGS WindowsMessenger X X Alice", "Hi!");
      if (EVERY_VERSION.indexOf(dialect) < EVERY_VERSION.indexOf("MSNP5")) await alice.isClosed();
      else await alice.hears("SDC 44 OK");
    });
  }

  test("an invitation by mail without an address gets no answer", async () => {
    await using network = await openNetwork();
    const alice = await online(network, "alice", "MSNP3");
    await play(alice, ">>> SND 7\n>>> PNG\n<<< QNG");
  });
});
