import { describe, expect, test } from "vitest";
import { answerChallenge } from "../../../src/msnp/auth/challenge.ts";
import type { MsnNetwork } from "../../../src/msnp/server/index.ts";
import { enter, type Fillings, lastArgument, online, passportOf, play, settleAlice, tokensOf } from "./book.ts";
import { RawClient } from "./raw-client.ts";
import { openNetwork, untilLine } from "./scene.ts";

const OBJECT =
  "%3Cmsnobj%20Creator%3D%22bob%40example.com%22%20Size%3D%2222731%22%20Type%3D%223%22%20Location%3D%22TFRDDF.dat%22%2F%3E";
const OUT_AND_ABOUT =
  "<Data><PSM>Out &amp; about</PSM><CurrentMedia>\\0Music\\01\\0{0} - {1}\\0Song\\0Artist\\0Album\\0\\0</CurrentMedia></Data>";

/** bob as the book's recordings find him: busy, with a picture, and a song on. */
async function busyBob(network: MsnNetwork, dialect: string): Promise<RawClient> {
  const bob = await enter(network, "bob", dialect);
  await play(bob, `>>> CHG 5 BSY 1073791084 ${OBJECT}\n<<< CHG 5 BSY 1073791084 ${OBJECT}`);
  if (dialect === "MSNP9") return bob;
  await bob.hears("MSG Hotmail Hotmail <length>");
  bob.sayPayload("UUX 6", OUT_AND_ABOUT);
  await untilLine(bob, "UUX 6 0");
  return bob;
}

describe("Transcripts of the book: signing in with a Passport ticket (msnp-core §8.3-8.5)", () => {
  test("MSNP8, from VER to OUT", async () => {
    await using network = await openNetwork();
    await settleAlice(network);
    const bob = await enter(network, "bob", "MSNP8");
    await play(bob, ">>> CHG 5 NLN 0\n<<< CHG 5 NLN 0");
    const alice = await RawClient.open(network.ports.ns, "alice");
    await play(
      alice,
      `
>>> VER 1 MSNP8 CVR0
<<< VER 1 MSNP8
>>> CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 8.5.1302 msmsgs alice@example.com
<<< CVR 2 8.5.1302 8.5.1302 8.5.1302 <url> <url>
>>> USR 3 TWN I alice@example.com
<<< USR 3 TWN S ct=1,rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1
>>> USR 4 TWN S [[ticket]]
<<< USR 4 OK alice@example.com Alice%20A 1 0
<<< MSG Hotmail Hotmail <length>
>>> SYN 6 0
<<< SYN 6 1 2 2
<<< GTC A
<<< BLP AL
<<< PRP MBE N
<<< LSG 0 Other%20Contacts 0
<<< LSG 1 Work%20Friends 0
<<< LST bob@example.com Bob%20B 11 1
<<< LST carol@example.com Carol 8 0
>>> CHG 10 NLN 0
<<< CHG 10 NLN 0
<<< ILN 10 NLN bob@example.com Bob%20B 0
>>> PNG
<<< QNG
>>> XFR 12 SB
<<< XFR 12 SB <address> CKI <cookie>`,
      await passportOf(network, "alice"),
    );
    await play(bob, "<<< NLN NLN alice@example.com Alice%20A 0\n>>> CHG 6 AWY 0\n<<< CHG 6 AWY 0");
    await play(alice, "<<< NLN AWY bob@example.com Bob%20B 0");
    bob.say("OUT");
    await play(alice, "<<< FLN bob@example.com");
    alice.say("OUT");
    await alice.isClosed();
  });

  test("MSNP9: the same, with a number behind QNG and an object behind the capabilities", async () => {
    await using network = await openNetwork();
    await busyBob(network, "MSNP9");
    const alice = await enter(network, "alice", "MSNP9");
    await play(
      alice,
      `
>>> CHG 10 NLN 0
<<< CHG 10 NLN 0
<<< ILN 10 BSY bob@example.com Bob%20B 1073791084 ${OBJECT}
>>> PNG
<<< QNG 60`,
    );
  });

  const MSNP11_UNTIL_MAIL = `
>>> VER 1 MSNP11 CVR0
<<< VER 1 MSNP11
>>> CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 7.0.0816 msmsgs alice@example.com
<<< CVR 2 7.0.0816 7.0.0816 7.0.0816 <url> <url>
>>> USR 3 TWN I alice@example.com
<<< USR 3 TWN S ct=1,rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1
>>> USR 4 TWN S [[ticket]]
<<< USR 4 OK alice@example.com 1 0
<<< SBS 0 null
<<< MSG Hotmail Hotmail <length>
>>> SYN 6 0 0
<<< SYN 6 2000-01-01T00:00:00.0-00:00 2000-01-01T00:00:00.0-00:00 2 1
<<< GTC A
<<< BLP AL
<<< PRP MFN Alice%20A
<<< PRP MBE N
<<< LSG Work%20Friends aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa
<<< LST N=bob@example.com F=Bob%20B C=22222222-2222-4222-8222-222222222222 11 aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa
<<< LST N=carol@example.com F=Carol 16␠
>>> GCF 7 Shields.xml
<<< GCF 7 Shields.xml 151
>>> CHG 10 NLN 0
<<< CHG 10 NLN 0
<<< ILN 10 BSY bob@example.com Bob%20B 1073791084 ${OBJECT}
<<< UBX bob@example.com 114
    ${OUT_AND_ABOUT}
<<< MSG Hotmail Hotmail 195`;
  const MSNP11_FROM_UUX = `
>>> UUX 12 55
    <Data><PSM>hi</PSM><CurrentMedia></CurrentMedia></Data>
<<< UUX 12 0
>>> PNG
<<< QNG 60
>>> XFR 13 SB
<<< XFR 13 SB <address> CKI <cookie>`;

  test("MSNP11, from VER to OUT, without a challenge", async () => {
    await using network = await openNetwork();
    await settleAlice(network);
    const bob = await busyBob(network, "MSNP11");
    const alice = await RawClient.open(network.ports.ns, "alice");
    await play(alice, MSNP11_UNTIL_MAIL + MSNP11_FROM_UUX, await passportOf(network, "alice"));
    bob.say("CHG 7 AWY 0");
    await play(alice, "<<< NLN AWY bob@example.com Bob%20B 0 %3Cmsnobj%2F%3E");
    bob.say("OUT");
    await play(alice, "<<< FLN bob@example.com");
    alice.say("OUT");
    await alice.isClosed();
  });

  test("MSNP11 with the challenge of official servers", async () => {
    await using network = await openNetwork({ quirks: { challenges: true } });
    await settleAlice(network);
    await busyBob(network, "MSNP11");
    const fillings: Fillings = {
      ...(await passportOf(network, "alice")),
      answer: (heard) =>
        answerChallenge("msnp11", lastArgument(heard), { id: "PROD0090YUAUV{2B", key: "YMM8C_H7KCQ2S_KL" }),
    };
    const challenged = `
<<< CHL 0 <challenge>
>>> QRY 11 PROD0090YUAUV{2B 32
    [[answer]]
<<< QRY 11`;
    const alice = await RawClient.open(network.ports.ns, "alice");
    await play(alice, MSNP11_UNTIL_MAIL + challenged + MSNP11_FROM_UUX, fillings);
  });

  test("MSNP12, where it differs", async () => {
    await using network = await openNetwork();
    await settleAlice(network);
    const alice = await RawClient.open(network.ports.ns, "alice");
    const tokens = await tokensOf(network, "alice", "contacts.msn.com");
    expect(tokens.ticket?.({ line: "", payload: undefined })).toMatch(/^t=[0-9a-f]{20}.*&p=$/);
    await play(
      alice,
      `
>>> VER 1 MSNP12 CVR0
<<< VER 1 MSNP12
>>> USR 3 TWN I alice@example.com
<<< USR 3 TWN S ct=1,rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1
>>> USR 4 TWN S [[ticket]]
<<< USR 4 OK alice@example.com 1 0
<<< SBS 0 null
<<< MSG Hotmail Hotmail <length>
>>> SYN 6 0 0
<<< SYN 6 2000-01-01T00:00:00.0-00:00 2000-01-01T00:00:00.0-00:00 2 1
<<< GTC A
<<< BLP AL
<<< PRP MFN Alice%20A
<<< PRP MBE N
<<< LSG Work%20Friends aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa
<<< LST N=bob@example.com F=Bob%20B C=22222222-2222-4222-8222-222222222222 11 1 aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa
<<< LST N=carol@example.com F=Carol 16 1␠`,
      tokens,
    );
  });

  test("MSNP13 and 14: policies before the answer to USR, no SYN, and lists by ADL", async () => {
    for (const [dialect, who] of [
      ["MSNP13", "bob@example.com"],
      ["MSNP14", "bob@example.com 1"],
    ] as const) {
      await using network = await openNetwork();
      await online(network, "bob", dialect);
      const alice = await RawClient.open(network.ports.ns, "alice");
      await play(
        alice,
        `
>>> VER 1 ${dialect} CVR0
<<< VER 1 ${dialect}
>>> USR 3 TWN I alice@example.com
<<< GCF 0 <length>
<<< USR 3 TWN S ct=1,rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1
>>> USR 4 TWN S [[ticket]]
<<< USR 4 OK alice@example.com 1 0
<<< SBS 0 null
<<< MSG Hotmail Hotmail <length>
>>> SYN 5 0 0
<<< 502 5
>>> ADL 6 63
    <ml l="1"><d n="example.com"><c n="bob" l="3" t="1" /></d></ml>
<<< ADL 6 OK
>>> CHG 10 NLN 0
<<< CHG 10 NLN 0
<<< ILN 10 NLN ${who} Bob%20B 1073741824 %3Cmsnobj%2F%3E
<<< UBX ${who} 53
    <Data><PSM></PSM><CurrentMedia></CurrentMedia></Data>`,
        await tokensOf(network, "alice", "contacts.msn.com"),
      );
    }
  });
});
