import { afterEach, expect, test } from "vitest";
import { ALICE, BOB, eventually, hearing, Stage } from "../msnp-client/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

test("where a network takes small messages only, texts go in small parts", async () => {
  stage = await Stage.open();
  const bob = await stage.signedIn(BOB, "MSNP18");
  const alice = await stage.signedIn(ALICE, "MSNP18", { maxMessageBytes: 500 });
  await eventually(() => alice.contacts.get(BOB)?.status).toBe("NLN");
  const heard = hearing(bob);
  const text = "words ".repeat(100).trim();
  await alice.conversation(BOB).sendText(text);
  await heard.until(3);
  const parts = heard.lines.map((line) => line.replace("alice: ", ""));
  expect(parts.join("")).toBe(text);
  expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(236);
});

test("the server's challenges are answered as the product that the network wants", async () => {
  stage = await Stage.open({ quirks: { challenges: true } });
  const product = { id: "PROD0113H11T8$X_", key: "RG@XY*28Q5QHS%Q5" };
  await stage.signedIn(ALICE, "MSNP18", { product });
  await eventually(() => stage.trace.filter((line) => line.includes(" >>> QRY ")).length).toBe(1);
  expect(stage.trace.find((line) => line.includes(" >>> QRY "))).toContain(product.id);
  await eventually(() => stage.trace.some((line) => line.includes(" <<< QRY "))).toBe(true);
});
