import { expect, test } from "vitest";
import { Transcript } from "../../../../src/msnp/server/transcript.ts";

test("it keeps the last lines only, in order", () => {
  const transcript = new Transcript(3);
  for (const text of ["1", "2", "3", "4", "5"]) transcript.add("NS 1", "<<<", text);
  expect(transcript.lines().map(({ text }) => text)).toEqual(["3", "4", "5"]);
  expect(transcript.toString()).toBe("NS 1 <<< 3\nNS 1 <<< 4\nNS 1 <<< 5");
});

test("it gives one connection's lines", () => {
  const transcript = new Transcript(3);
  transcript.add("NS 1", ">>>", "PNG");
  transcript.add("NS 2", ">>>", "OUT");
  expect(transcript.lines("NS 2")).toEqual([{ connection: "NS 2", side: ">>>", text: "OUT" }]);
});

test("tickets, proofs and cookies of sign-ins are sealed, GUIDs are not", () => {
  const transcript = new Transcript(9);
  for (const line of [
    "USR 4 TWN S 4f0051f71b39803aaef8",
    "USR 4 SSO S t=ticket&p= proof {guid}",
    "USR 1 bob@example.com cookie",
    "ANS 1 bob@example.com cookie id",
    "USR 3 TWN I bob@example.com",
  ]) {
    transcript.add("NS 1", ">>>", line);
  }
  expect(transcript.lines().map(({ text }) => text)).toEqual([
    "USR 4 TWN S [sealed]",
    "USR 4 SSO S [sealed] {guid}",
    "USR 1 bob@example.com [sealed]",
    "ANS 1 bob@example.com [sealed] id",
    "USR 3 TWN I bob@example.com",
  ]);
});

test("switched off it keeps nothing", () => {
  const transcript = new Transcript(0);
  transcript.add("NS 1", ">>>", "PNG");
  expect([transcript.enabled, transcript.lines()]).toEqual([false, []]);
});
