import { BridgeError } from "../../bridge/errors.ts";
import { type NetworkName, parseContactAddress, type ResidentId } from "../../bridge/model.ts";
import type { LinkDesk, Linker } from "../../bridge/ports/linking.ts";
import { RecentMap } from "../../bridge/recent.ts";
import { Secret } from "../../bridge/secret.ts";
import { form, readForm } from "../stanza/form.ts";
import { el, NS, type XmlElement } from "../stanza/xml.ts";

export interface RegistrationOptions {
  readonly desk: () => LinkDesk;
  readonly linker: () => Linker;
  readonly networks: readonly NetworkName[];
  /** Whether a password may be typed into the form. */
  readonly passwordForm: boolean;
  readonly mayLink: (resident: ResidentId) => boolean;
  /** Unlinks all accounts of a person, in its turn. */
  readonly unlinkAll: (resident: ResidentId) => Promise<void>;
  readonly isLinked: (resident: ResidentId) => Promise<boolean>;
}

const TRIES = 5;
/** Each form that is asked for is a page of its own, which is kept until it expires. */
const PAGES = 20;
const TRIES_MS = 600_000;
const VERIFY_MS = 75_000;

/** In-band registration (XEP-0077) hands out the private page; where the operator allows it, it takes a password as well. */
export class Registration {
  readonly #o: RegistrationOptions;
  readonly #tries = new RecentMap<ResidentId, number[]>(10_000);
  readonly #pages = new RecentMap<ResidentId, number[]>(10_000);

  constructor(options: RegistrationOptions) {
    this.#o = options;
  }

  /** What a person who asks for the form is shown. @throws BridgeError `not-allowed`, `too-many-tries`, `store-down`. */
  async get(resident: ResidentId): Promise<XmlElement> {
    if (!this.#o.mayLink(resident)) throw new BridgeError("not-allowed");
    count(this.#pages, resident, PAGES);
    const { url, minutes } = await this.#o.desk().issue({ resident });
    const page = `Open this page to link your MSN account. It is for you alone, works once and expires in ${minutes} minutes: ${url}`;
    const isLinked = await this.#o.isLinked(resident);
    const { passwordForm } = this.#o;
    const instructions = passwordForm ? `${page}\nOr type your MSN address and password here.` : page;
    return el(
      "query",
      { xmlns: NS.register },
      isLinked ? el("registered") : undefined,
      el("instructions", {}, instructions),
      passwordForm ? [el("username"), el("password"), this.#form(instructions)] : undefined,
      el("x", { xmlns: NS.oob }, el("url", {}, url)),
    );
  }

  /** A form that was sent. @throws BridgeError as linking does. */
  async set(resident: ResidentId, query: XmlElement): Promise<void> {
    if (query.getChild("remove") !== undefined) {
      await this.#o.unlinkAll(resident);
      return;
    }
    if (!this.#o.mayLink(resident)) throw new BridgeError("not-allowed");
    if (!this.#o.passwordForm)
      throw new BridgeError("bad-input", {
        detail: "no password is taken here; open the page that the registration form names",
      });
    count(this.#tries, resident, TRIES);
    const filled = readForm(query);
    const value = (name: string): string => filled?.get(name) ?? query.getChildText(name) ?? "";
    const [username, password] = [value("username").trim(), value("password")];
    if (username === "" || password === "")
      throw new BridgeError("bad-input", { detail: "address and password are needed" });
    const network = this.#o.networks.find((name) => name === value("network")) ?? this.#o.networks[0];
    if (network === undefined) throw new BridgeError("bad-input", { detail: "no network is offered here" });
    const address = parseContactAddress(username);
    const request = { network, address, spelling: username, password: new Secret(password) };
    await this.#o.linker().linkAccount(resident, request, () => {}, AbortSignal.timeout(VERIFY_MS));
  }

  #form(instructions: string): XmlElement {
    const titles = new Map(this.#o.linker().networks.map(({ name, title }) => [name, title]));
    const options = this.#o.networks.map((name) => ({ value: name, label: titles.get(name) ?? name }));
    return form("Link an MSN account", instructions, [
      { name: "FORM_TYPE", type: "hidden", value: NS.register },
      { name: "network", type: "list-single", label: "MSN network", options, value: options[0]?.value ?? "" },
      { name: "username", type: "text-single", label: "MSN address", required: true },
      { name: "password", type: "text-private", label: "MSN password", required: true },
    ]);
  }
}

/** @throws BridgeError `too-many-tries` beyond `most` in {@link TRIES_MS}. */
function count(of: RecentMap<ResidentId, number[]>, resident: ResidentId, most: number): void {
  const since = Date.now() - TRIES_MS;
  const tries = (of.get(resident) ?? []).filter((at) => at > since);
  if (tries.length >= most) throw new BridgeError("too-many-tries");
  of.set(resident, [...tries, Date.now()]);
}
