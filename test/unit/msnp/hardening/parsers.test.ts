import { describe, expect, it } from "vitest";
import { collectGarbage } from "../../../../bench/lib/gc.ts";
import { generator } from "../../../../bench/lib/random.ts";
import { parseRstAnswer } from "../../../../src/msnp/auth/rst-response.ts";
import { decodePersonalMessage } from "../../../../src/msnp/client/personal-message.ts";
import { parsePresence, parseRoster } from "../../../../src/msnp/dialect/lines.ts";
import { DIALECTS } from "../../../../src/msnp/dialect/table.ts";
import { CommandDecoder, clientToServerPayload, serverToClientPayload } from "../../../../src/msnp/index.ts";
import { decodeMessage } from "../../../../src/msnp/message/body.ts";
import { ChunkAssembler } from "../../../../src/msnp/message/chunks.ts";
import { parseFields } from "../../../../src/msnp/message/fields.ts";
import { parseMime } from "../../../../src/msnp/message/mime.ts";
import { header, joinBridged, parseMultipart, splitBridged } from "../../../../src/msnp/message/multipart.ts";
import { parseMultipartAddress, parseRosterUri } from "../../../../src/msnp/message/multipart-address.ts";
import { offerIn, offerInFields } from "../../../../src/msnp/message/offer.ts";
import { parseAddressBook } from "../../../../src/msnp/soap/address-book.ts";
import { parseMembership } from "../../../../src/msnp/soap/membership.ts";
import { find, parseXml, type XmlElement } from "../../../../src/msnp/soap/xml.ts";
import { fileContext, slp } from "../../msn/convert/golden/others.ts";
import { CASES, fuzz } from "./fuzzer.ts";
import { ENVELOPES, LINES, MIME, XML } from "./samples.ts";

/** A case takes some ten microseconds; a busy machine and the collector are what the rest is for. */
const TIMEOUT = 60_000 + CASES * 2;
/** What may be left of all the cases together. */
const MAX_LEFT_BYTES = 32 * 1024 * 1024;

function heap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** Runs the fuzzer; some inputs must have been readable and some not, or it has tried nothing. */
function endures(samples: readonly Buffer[], parse: Parameters<typeof fuzz>[1], isTolerant = false): void {
  const before = heap();
  const { read, refused } = fuzz(samples, parse);
  expect(read).toBeGreaterThan(CASES / 100);
  if (!isTolerant) expect(refused).toBeGreaterThan(CASES / 100);
  expect(heap() - before).toBeLessThan(MAX_LEFT_BYTES);
}

/** Pieces of one to a few hundred bytes. */
function* pieces(input: Buffer, random: () => number): Generator<Buffer> {
  for (let at = 0; at < input.length; ) {
    const size = 1 + Math.floor(random() * random() * 400);
    yield input.subarray(at, at + size);
    at += size;
  }
}

/** A broken answer may lack what the service is asked for. */
function response(text: string, name: string): XmlElement {
  const root = parseXml(text);
  return find(root, name) ?? root;
}

describe(`${CASES} broken inputs neither hang, nor throw what has no type, nor pile up`, () => {
  it("in the codec, as a server's lines", { timeout: TIMEOUT }, () => {
    endures(LINES, (input, random) => {
      const decoder = new CommandDecoder({ payloadRule: serverToClientPayload });
      for (const piece of pieces(input, random)) decoder.push(piece);
    });
  });

  it("in the codec, as a client's lines", { timeout: TIMEOUT }, () => {
    endures(LINES, (input, random) => {
      const decoder = new CommandDecoder({ payloadRule: clientToServerPayload });
      for (const piece of pieces(input, random)) decoder.push(piece);
    });
  });

  it("in the readers of presence and roster lines of every dialect", { timeout: TIMEOUT }, () => {
    endures(LINES, (input) => {
      const commands = new CommandDecoder({ payloadRule: serverToClientPayload }).push(input);
      for (const command of commands) {
        for (const dialect of DIALECTS) parsePresence(dialect, command);
        parseRoster(command);
      }
    });
  });

  it("in the codec as one decoder that goes on after each error", { timeout: TIMEOUT }, () => {
    const random = generator(7);
    let decoder = new CommandDecoder({ payloadRule: serverToClientPayload });
    endures(LINES, (input) => {
      try {
        for (const piece of pieces(input, random)) decoder.push(piece);
      } catch (error) {
        decoder = new CommandDecoder({ payloadRule: serverToClientPayload });
        throw error;
      }
    });
  });

  it("in MIME", { timeout: TIMEOUT }, () => endures(MIME, parseMime, true));

  it("in message bodies, which are at worst unknown", { timeout: TIMEOUT }, () => {
    endures(MIME, (input) => expect(decodeMessage(input).kind).toBeTypeOf("string"), true);
  });

  it("in messages in parts, of which few are kept", { timeout: TIMEOUT }, () => {
    const assembler = new ChunkAssembler();
    let now = 0;
    endures(
      MIME,
      (input) => {
        now += 10;
        return assembler.add("bob@example.com", parseMime(input), now);
      },
      true,
    );
  });

  it("in what is offered by a packet or an invitation", { timeout: TIMEOUT }, () => {
    const packet = slp("5D3E02AB-6190-11D3-BBBB-00C04F795683", fileContext("a.txt", 5));
    endures([packet, ...MIME], (input) => [offerIn(input), offerInFields(parseFields(input))], true);
  });

  it("in personal messages", { timeout: TIMEOUT }, () => endures(XML, (input) => decodePersonalMessage(input), true));

  it("in XML", { timeout: TIMEOUT }, () => endures(XML, (input) => parseXml(input)));

  it.each([
    ["address books", 1, (text: string) => parseAddressBook(response(text, "ABFindAllResponse"))],
    ["memberships", 0, (text: string) => parseMembership(response(text, "FindMembershipResponse"))],
    ["the ticket service's answers", 3, (text: string) => parseRstAnswer(text, 0)],
  ])("in %s", { timeout: TIMEOUT }, (_what, sample, read) => {
    endures(XML.slice(sample, sample + 1), (input) => read(input.toString()));
  });

  it("in envelopes and the addresses in them", { timeout: TIMEOUT }, () => {
    endures(ENVELOPES, (input) => {
      const message = parseMultipart(input);
      const addresses = [header(message.routing, "to"), header(message.routing, "from")];
      for (const address of addresses) if (address !== undefined) parseMultipartAddress(address);
      parseRosterUri(header(message.content ?? [], "uri") ?? "");
      const packets = splitBridged(message.body, header(message.content ?? [], "bridging-offsets"));
      joinBridged(packets);
    });
  });
});
