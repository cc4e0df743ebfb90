import { BridgeError } from "../bridge/errors.ts";
import type { AccountId, GhostRef, HomeName, ResidentId } from "../bridge/model.ts";
import type { ContactStore, ProfileStore, StoredContact } from "../bridge/ports/store.ts";
import type { Keyspace } from "./keys.ts";
import type { RedisLink } from "./link.ts";

/** Contacts kept per account; no network allows a tenth of it. */
const MAX_CONTACTS = 10_000;
const MAX_CONTACT_BYTES = 16 * 1024;
const MAX_FIELDS = 64;
const MAX_FIELD_NAME = 64;
const MAX_FIELD_BYTES = 4 * 1024;
/** Where the revision of a contact list is kept, among the contacts: no address looks like it. */
const REVISION = "#";

/** Contact lists as last seen. */
export class RedisContacts implements ContactStore {
  readonly #link: RedisLink;
  readonly #keys: Keyspace;

  constructor(link: RedisLink, keys: Keyspace) {
    this.#link = link;
    this.#keys = keys;
  }

  async saveContacts(account: AccountId, contacts: readonly StoredContact[]): Promise<number> {
    if (contacts.length > MAX_CONTACTS)
      throw new BridgeError("bad-input", {
        detail: `a list of ${contacts.length} contacts, and ${MAX_CONTACTS} can be kept`,
      });
    const args = ["1", ...contacts.flatMap((contact) => [contact.address, contactText(contact)])];
    return Number(await this.#link.script("contactsSave", [this.#keys.contacts(account)], args));
  }

  async saveContact(account: AccountId, contact: StoredContact): Promise<void> {
    const args = ["0", contact.address, contactText(contact)];
    await this.#link.script("contactsSave", [this.#keys.contacts(account)], args);
  }

  async contactsOf(account: AccountId): Promise<StoredContact[]> {
    const row = await this.#link.command("contacts", (r) => r.hgetall(this.#keys.contacts(account)));
    return Object.entries(row)
      .filter(([address]) => address !== REVISION)
      .map(([, text]) => JSON.parse(text) as StoredContact)
      .sort((a, b) => (a.address < b.address ? -1 : 1));
  }
}

/** Always the same text for the same contact: the script compares texts to see what has changed. */
function contactText({ address, displayName, nickname, listed, blocked, groups, presence }: StoredContact): string {
  const { availability, text: message, media } = presence;
  const text = JSON.stringify({
    address,
    displayName,
    nickname,
    listed,
    blocked,
    groups,
    presence: { availability, text: message, media },
  });
  if (Buffer.byteLength(text) > MAX_CONTACT_BYTES)
    throw new BridgeError("bad-input", { detail: `a contact of ${Buffer.byteLength(text)} bytes` });
  return text;
}

/** What homes keep about ghosts and residents. */
export class RedisProfiles implements ProfileStore {
  readonly #link: RedisLink;
  readonly #keys: Keyspace;

  constructor(link: RedisLink, keys: Keyspace) {
    this.#link = link;
    this.#keys = keys;
  }

  ghost(home: HomeName, ghost: GhostRef): Promise<Readonly<Record<string, string>>> {
    return this.#link.command("ghost", (r) => r.hgetall(this.#keys.ghost(home, ghost)));
  }

  updateGhost(home: HomeName, ghost: GhostRef, fields: Readonly<Record<string, string>>): Promise<void> {
    return this.#update(this.#keys.ghost(home, ghost), fields);
  }

  resident(resident: ResidentId): Promise<Readonly<Record<string, string>>> {
    return this.#link.command("resident", (r) => r.hgetall(this.#keys.resident(resident)));
  }

  updateResident(resident: ResidentId, fields: Readonly<Record<string, string>>): Promise<void> {
    return this.#update(this.#keys.resident(resident), fields);
  }

  async #update(key: string, fields: Readonly<Record<string, string>>): Promise<void> {
    const pairs = Object.entries(fields);
    if (pairs.length === 0) return;
    for (const [name, value] of pairs)
      if (name.length > MAX_FIELD_NAME || Buffer.byteLength(value) > MAX_FIELD_BYTES)
        throw new BridgeError("bad-input", { detail: `profile field ${name.slice(0, MAX_FIELD_NAME)} is too long` });
    const tooMany = pairs.length > MAX_FIELDS;
    if (tooMany || (await this.#link.script("profileUpdate", [key], [MAX_FIELDS, ...pairs.flat()])) === "full")
      throw new BridgeError("bad-input", { detail: `more than ${MAX_FIELDS} fields in a profile` });
  }
}
