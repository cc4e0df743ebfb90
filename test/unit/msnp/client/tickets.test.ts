import { describe, expect, it, vi } from "vitest";
import { SITE } from "../../../../src/msnp/auth/rst-request.ts";
import type { ServiceTicket } from "../../../../src/msnp/auth/types.ts";
import { Tickets } from "../../../../src/msnp/client/tickets.ts";
import { isTicketRefused, SoapError } from "../../../../src/msnp/soap/service.ts";

const CONTACTS = { address: SITE.contacts };
const STORAGE = { address: SITE.storage };
const LATER = Date.now() + 3_600_000;

/** A service that takes some tickets; remembers which it was shown. */
function service(...good: string[]) {
  const shown: string[] = [];
  const call = (ticket: string): Promise<string> => {
    shown.push(ticket);
    if (good.includes(ticket)) return Promise.resolve(`by ${ticket}`);
    return Promise.reject(new SoapError("refused", "The ticket is bad"));
  };
  return { shown, call };
}

function tickets(held: Record<string, ServiceTicket>, renewed?: string) {
  const renew = vi.fn(async () => (renewed === undefined ? undefined : { token: renewed, expires: LATER }));
  return { tickets: new Tickets(new Map(Object.entries(held)), renew), renew };
}

describe("the tickets of a session", () => {
  it("are used as they are while they last", async () => {
    const { tickets: held, renew } = tickets({ [SITE.contacts]: { token: "old", expires: LATER } }, "new");
    const { call } = service("old");
    expect(await held.use(CONTACTS, call, isTicketRefused)).toBe("by old");
    expect(renew).not.toHaveBeenCalled();
  });

  it("are one for another where a service has none of its own", async () => {
    const { tickets: held } = tickets({ [SITE.messenger]: { token: "only", expires: LATER } });
    expect(await held.use(STORAGE, service("only").call, isTicketRefused)).toBe("by only");
  });

  it("are replaced once when refused, and the new one stays", async () => {
    const { tickets: held, renew } = tickets({ [SITE.contacts]: { token: "old", expires: LATER } }, "new");
    const { call, shown } = service("new");
    expect(await held.use(CONTACTS, call, isTicketRefused)).toBe("by new");
    expect(await held.use(CONTACTS, call, isTicketRefused)).toBe("by new");
    expect(shown).toEqual(["old", "new", "new"]);
    expect(renew).toHaveBeenCalledTimes(1);
  });

  it("that are refused, new as well, are tried twice and then left for a while", async () => {
    const { tickets: held, renew } = tickets({ [SITE.contacts]: { token: "old", expires: LATER } }, "new");
    const { call, shown } = service();
    await expect(held.use(CONTACTS, call, isTicketRefused)).rejects.toThrow("bad");
    await expect(held.use(CONTACTS, call, isTicketRefused)).rejects.toThrow("bad");
    expect(shown).toEqual(["old", "new", "old"]);
    expect(renew).toHaveBeenCalledTimes(1);
  });

  it("that have run out are replaced before", async () => {
    const { tickets: held } = tickets({ [SITE.contacts]: { token: "old", expires: Date.now() - 1 } }, "new");
    const { call, shown } = service("old", "new");
    expect(await held.use(CONTACTS, call, isTicketRefused)).toBe("by new");
    expect(shown).toEqual(["new"]);
  });

  it("that have run out are trusted further when only they are known", async () => {
    const { tickets: held } = tickets({ [SITE.contacts]: { token: "old", expires: Date.now() - 1 } }, "new");
    const { call, shown } = service("old");
    expect(await held.use(CONTACTS, call, isTicketRefused)).toBe("by old");
    expect(await held.use(CONTACTS, call, isTicketRefused)).toBe("by old");
    expect(shown).toEqual(["new", "old", "old"]);
  });

  it("are asked for once by calls at the same time", async () => {
    const { tickets: held, renew } = tickets({ [SITE.contacts]: { token: "old", expires: Date.now() - 1 } }, "new");
    const { call } = service("new");
    await Promise.all([1, 2, 3].map(() => held.use(CONTACTS, call, isTicketRefused)));
    expect(renew).toHaveBeenCalledTimes(1);
  });

  it("do not change for other troubles", async () => {
    const { tickets: held, renew } = tickets({ [SITE.contacts]: { token: "old", expires: LATER } }, "new");
    const broken = (): Promise<never> => Promise.reject(new SoapError("fault", "No", { fault: "Forbidden" }));
    await expect(held.use(CONTACTS, broken, isTicketRefused)).rejects.toMatchObject({ fault: "Forbidden" });
    expect(renew).not.toHaveBeenCalled();
  });

  it("are none where the sign-in gave none", async () => {
    const held = new Tickets();
    expect(held.has(CONTACTS)).toBe(false);
    await expect(held.use(CONTACTS, service().call, isTicketRefused)).rejects.toMatchObject({ code: "no-ticket" });
  });
});
