import { describe, expect, test } from "vitest";
import { RawClient } from "./raw-client.ts";
import { BOB, enter11, GROUP, nexusTicket, openNetwork } from "./scene.ts";

const OBJECT = encodeURIComponent('<msnobj Creator="bob@example.com" Size="1" Type="3" Location="a" Friendly="AAA="/>');
const STAMP = "2000-01-01T00:00:00.0-00:00";

describe("MSNP11 sign-in, as recorded from Escargot (msnp-core §8.4)", () => {
  test("alice's client says its lines and hears those of the transcript, trailing blank included", async () => {
    await using network = await openNetwork();
    const bob = await enter11(network, "bob");
    bob.say(`CHG 5 BSY 1073791084 ${OBJECT}`);
    await bob.hears(`CHG 5 BSY 1073791084 ${OBJECT}`, "MSG Hotmail Hotmail <length>");
    bob.sayPayload(
      "UUX 6",
      "<Data><PSM>Out &amp; about</PSM><CurrentMedia>\\0Music\\01\\0{0} - {1}\\0Song\\0Artist\\0Album\\0\\0</CurrentMedia></Data>",
    );
    await bob.hears("UUX 6 0");

    const alice = await RawClient.open(network.ports.ns, "alice");
    const ticket = await nexusTicket(network, "alice@example.com");
    alice.say("VER 1 MSNP11 CVR0");
    await alice.hears("VER 1 MSNP11");
    alice.say("CVR 2 0x0409 winnt 5.1 i386 MSNMSGR 7.0.0816 msmsgs alice@example.com");
    await alice.hears("CVR 2 7.0.0816 7.0.0816 7.0.0816 <url> <url>");
    alice.say("USR 3 TWN I alice@example.com");
    await alice.hears("USR 3 TWN S ct=1,rver=1,wp=FS_40SEC_0_COMPACT,lc=1,id=1");
    alice.say(`USR 4 TWN S ${ticket}`);
    const [, , profile] = await alice.hears(
      "USR 4 OK alice@example.com 1 0",
      "SBS 0 null",
      "MSG Hotmail Hotmail <length>",
    );
    expect(profile?.payload).toContain("Content-Type: text/x-msmsgsprofile; charset=UTF-8\r\n");
    expect(profile?.payload).toContain(`MSPAuth: ${ticket}`);
    expect(profile?.payload).toContain(`ClientPort: ${alice.localPort}\r\n`);
    alice.say("SYN 6 0 0");
    await alice.hears(
      `SYN 6 ${STAMP} ${STAMP} 2 1`,
      "GTC A",
      "BLP AL",
      "PRP MFN Alice%20A",
      `LSG Work%20Friends ${GROUP}`,
      `LST N=bob@example.com F=Bob%20B C=${BOB} 11 ${GROUP}`,
      "LST N=carol@example.com F=Carol 16 ",
    );
    alice.say("GCF 7 Shields.xml");
    await alice.hears("GCF 7 Shields.xml <length>");
    alice.say("CHG 10 NLN 0");
    const [, , ubx, mail] = await alice.hears(
      "CHG 10 NLN 0",
      `ILN 10 BSY bob@example.com Bob%20B 1073791084 ${OBJECT}`,
      "UBX bob@example.com 114",
      "MSG Hotmail Hotmail 195",
    );
    expect(ubx?.payload).toBe(
      "<Data><PSM>Out &amp; about</PSM><CurrentMedia>\\0Music\\01\\0{0} - {1}\\0Song\\0Artist\\0Album\\0\\0</CurrentMedia></Data>",
    );
    expect(mail?.payload).toContain("text/x-msmsgsinitialmdatanotification");
    alice.sayPayload("UUX 12", "<Data><PSM>hi</PSM><CurrentMedia></CurrentMedia></Data>");
    await alice.hears("UUX 12 0");
    alice.say("PNG");
    await alice.hears("QNG 60");
    alice.say("XFR 13 SB");
    const [xfr] = await alice.hears("XFR 13 SB <address> CKI <cookie>");
    expect(xfr?.line).toMatch(new RegExp(`127\\.0\\.0\\.1:${network.ports.sb} CKI [0-9a-f]{20}$`));

    bob.say("CHG 7 AWY 0");
    await alice.hears("NLN AWY bob@example.com Bob%20B 0 %3Cmsnobj%2F%3E");
    bob.say("OUT");
    await alice.hears("FLN bob@example.com");
    alice.say("OUT");
    await alice.isClosed();
  });

  test("MSNP12 lists contacts with their type and takes a security token in the same way", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice", "MSNP12");
    alice.say("SYN 6 0 0");
    await alice.hears(
      `SYN 6 ${STAMP} ${STAMP} 2 1`,
      "GTC A",
      "BLP AL",
      "PRP MFN Alice%20A",
      `LSG Work%20Friends ${GROUP}`,
      `LST N=bob@example.com F=Bob%20B C=${BOB} 11 1 ${GROUP}`,
      "LST N=carol@example.com F=Carol 16 1 ",
    );
  });

  test("policies are refused until the lists were asked for", async () => {
    await using network = await openNetwork();
    const alice = await enter11(network, "alice");
    alice.say("GCF 5 Shields.xml");
    await alice.hears("715 5");
  });

  test("a client that writes all its lines at once, or byte by byte, hears the same", async () => {
    await using network = await openNetwork();
    const ticket = await nexusTicket(network, "alice@example.com");
    const lines = Buffer.from(
      "VER 1 MSNP11\r\nCVR 2 0x0409 winnt 5.1 i386 MSNMSGR 7 msmsgs alice@example.com\r\n" +
        `USR 3 TWN I alice@example.com\r\nUSR 4 TWN S ${ticket}\nPNG\r\n`,
    );
    const hurried = await RawClient.open(network.ports.ns, "hurried");
    hurried.bytes(lines);
    const heard = ["VER 1 MSNP11", "CVR 2 7 7 7 <url> <url>", "USR 3 TWN S <challenge>"];
    const after = ["USR 4 OK alice@example.com 1 0", "SBS 0 null", "MSG Hotmail Hotmail <length>", "QNG 60"];
    await hurried.hears(...heard, ...after);
    const slow = await RawClient.open(network.ports.ns, "slow");
    for (const byte of lines) slow.bytes(Buffer.of(byte));
    await slow.hears(...heard, ...after);
    await hurried.hears("OUT OTH");
  });
});
