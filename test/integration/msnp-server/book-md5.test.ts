import { describe, test } from "vitest";
import { online, passwordOf, play, settleAlice } from "./book.ts";
import { RawClient } from "./raw-client.ts";
import { openNetwork } from "./scene.ts";

describe("Transcripts of the book: signing in with a password (msnp-core §8.1, §8.2)", () => {
  test("MSNP2, from VER to OUT", async () => {
    await using network = await openNetwork();
    await settleAlice(network);
    const bob = await online(network, "bob", "MSNP2");
    const alice = await RawClient.open(network.ports.ns, "alice");
    await play(
      alice,
      `
>>> VER 1 MSNP2 CVR0
<<< VER 1 MSNP2
>>> INF 2
<<< INF 2 MD5
>>> CVR 3 0x0409 win 4.10 i386 MSMSGS 1.0.0863
<<< CVR 3 1.0.0863 1.0.0863 1.0.0863 <url> <url>
>>> USR 4 MD5 I alice@example.com
<<< USR 4 MD5 S <salt>
>>> USR 5 MD5 S [[md5]]
<<< USR 5 OK alice@example.com Alice%20A
<<< MSG Hotmail Hotmail <length>
>>> SYN 6 0
<<< SYN 6 1
<<< GTC 6 1 A
<<< BLP 6 1 AL
<<< LST 6 FL 1 1 1 bob@example.com Bob%20B
<<< LST 6 AL 1 1 1 bob@example.com Bob%20B
<<< LST 6 BL 1 0 0
<<< LST 6 RL 1 1 2 bob@example.com Bob%20B
<<< LST 6 RL 1 2 2 carol@example.com Carol
>>> CHG 10 NLN
<<< CHG 10 NLN
<<< ILN 10 NLN bob@example.com Bob%20B
>>> PNG
<<< QNG
>>> XFR 12 SB
<<< XFR 12 SB <address> CKI <cookie>`,
      passwordOf("alice"),
    );
    bob.say("CHG 6 AWY");
    await play(alice, "<<< NLN AWY bob@example.com Bob%20B");
    bob.say("OUT");
    await play(alice, "<<< FLN bob@example.com");
    alice.say("OUT");
    await alice.isClosed();
  });

  test("MSNP7, where it differs", async () => {
    await using network = await openNetwork();
    await settleAlice(network);
    await online(network, "bob", "MSNP7");
    const alice = await RawClient.open(network.ports.ns, "alice");
    await play(
      alice,
      `
>>> VER 1 MSNP7 CVR0
<<< VER 1 MSNP7
>>> USR 4 MD5 I alice@example.com
<<< USR 4 MD5 S <salt>
>>> USR 5 MD5 S [[md5]]
<<< USR 5 OK alice@example.com Alice%20A 1
<<< MSG Hotmail Hotmail <length>
>>> SYN 6 0
<<< SYN 6 1
<<< GTC 6 1 A
<<< BLP 6 1 AL
<<< PRP 1 MBE N
<<< LSG 6 1 1 2 0 Other%20Contacts 0
<<< LSG 6 1 2 2 1 Work%20Friends 0
<<< LST 6 FL 1 1 1 bob@example.com Bob%20B 1
<<< LST 6 AL 1 1 1 bob@example.com Bob%20B
<<< LST 6 BL 1 0 0
<<< LST 6 RL 1 1 2 bob@example.com Bob%20B
<<< LST 6 RL 1 2 2 carol@example.com Carol
>>> CHG 10 NLN
<<< CHG 10 NLN
<<< ILN 10 NLN bob@example.com Bob%20B
>>> PNG
<<< QNG`,
      passwordOf("alice"),
    );
  });

  test("MSNP7 as Microsoft's server wrote properties, with the transaction id and the address", async () => {
    await using network = await openNetwork({ quirks: { shortPropertyLines: false } });
    await settleAlice(network);
    const bob = await online(network, "bob", "MSNP7");
    await play(bob, ">>> PRP 6 PHH 123\n<<< PRP 6 1 PHH 123");
    const alice = await online(network, "alice", "MSNP7");
    await play(
      alice,
      `
<<< ILN 5 NLN bob@example.com Bob%20B
>>> SYN 6 0
<<< SYN 6 1
<<< GTC 6 1 A
<<< BLP 6 1 AL
<<< PRP 6 1 MBE N
<<< LSG 6 1 1 2 0 Other%20Contacts 0
<<< LSG 6 1 2 2 1 Work%20Friends 0
<<< LST 6 FL 1 1 1 bob@example.com Bob%20B 1
<<< BPR 1 bob@example.com PHH 123`,
    );
  });
});
