import { expect, test } from "vitest";
import { PuppetNews } from "../../../src/bridge/news.ts";
import { record } from "./support.ts";

const alice = record("alice");

test("a puppet that only its owner can help says so at once", () => {
  const news = new PuppetNews();
  expect(news.of(alice, "elsewhere", "Escargot", undefined)).toMatch(/^Your MSN account signed in somewhere else/);
  expect(news.of(alice, "bad-password", "Escargot", undefined)).toMatch(/^Escargot refused the password of alice/);
});

test("sign-ins that keep failing are told once, with the reason, and the end of it too", () => {
  const news = new PuppetNews();
  const told = Array.from({ length: 20 }, () => news.of(alice, "waiting", "Escargot", "No answer."));
  expect(told.filter((words) => words !== undefined)).toEqual([
    "alice@msn.test has not been signed in to Escargot for a while. No answer. What you say meanwhile is kept; I tell you when it works again.",
  ]);
  expect(news.of(alice, "on", "Escargot", undefined)).toBe("alice@msn.test is signed in to Escargot again.");
});

test("a short loss is not worth a word, neither when it comes nor when it goes", () => {
  const news = new PuppetNews();
  expect(news.of(alice, "waiting", "Escargot", "No answer.")).toBeUndefined();
  expect(news.of(alice, "signing-in", "Escargot", undefined)).toBeUndefined();
  expect(news.of(alice, "on", "Escargot", undefined)).toBeUndefined();
});
