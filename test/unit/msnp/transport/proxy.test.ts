import { inspect } from "node:util";
import { expect, test } from "vitest";
import { parseProxy } from "../../../../src/msnp/index.ts";

test.each([
  ["socks5://proxy.test:1081", { kind: "socks5", host: "proxy.test", port: 1081 }],
  ["socks5://proxy.test", { kind: "socks5", host: "proxy.test", port: 1080 }],
  ["socks5h://proxy.test", { kind: "socks5", host: "proxy.test", port: 1080 }],
  ["http://proxy.test:3128", { kind: "http", host: "proxy.test", port: 3128 }],
  ["http://proxy.test/", { kind: "http", host: "proxy.test", port: 80 }],
  ["socks5://[::1]:1080", { kind: "socks5", host: "::1", port: 1080 }],
  ["http://alice@proxy.test:3128", { kind: "http", host: "proxy.test", port: 3128, user: "alice" }],
])("%s is read", (text, proxy) => {
  expect(parseProxy(text)).toEqual(proxy);
});

test("user and password are decoded, and the password does not show", () => {
  const proxy = parseProxy("socks5://al%40ice:p%3Aw%20d@proxy.test");
  expect(proxy.user).toBe("al@ice");
  expect(proxy.password?.()).toBe("p:w d");
  expect(inspect(proxy) + JSON.stringify(proxy)).not.toContain("p:w d");
});

test.each([
  "",
  "proxy.test:1080",
  "https://proxy.test",
  "ftp://a:geheim@proxy.test",
  "socks5://",
  "socks4://a",
  "socks5://a:50%@b",
  "socks5://a%zz@b",
])("%j is no proxy, which is said without quoting it", (text) => {
  expect(() => parseProxy(text)).toThrow(/^A proxy must be given as socks5:\/\/host:port or http:\/\/host:port$/);
});
