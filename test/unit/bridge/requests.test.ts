import { expect, test } from "vitest";
import { BridgeError } from "../../../src/bridge/errors.ts";
import type { ToldStore } from "../../../src/bridge/ports/store.ts";
import { Requests } from "../../../src/bridge/requests.ts";
import { Told } from "../../../src/bridge/told.ts";
import { contact, record, silent } from "./support.ts";

test("an answer that was given stands, also when the store cannot note it: it is looked after at the next sign-in", async () => {
  const store: ToldStore = {
    tell: async () => {},
    told: async () => ["request|carol@msn.test"],
    untell: async () => {
      throw new BridgeError("store-down");
    },
  };
  const requests = new Requests({ told: new Told(store), log: silent, say: async () => {} });
  await expect(requests.answered(record(), contact("carol"))).resolves.toBeUndefined();
});
