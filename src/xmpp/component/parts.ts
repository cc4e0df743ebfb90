/** The parts of the component's home, each made with those it works with. */
import type { Logger } from "pino";
import { BridgeError } from "../../bridge/errors.ts";
import type { ResidentId } from "../../bridge/model.ts";
import type { HomeHost, RosterDesk } from "../../bridge/ports/home.ts";
import { GhostJids, residentJid } from "../convert/ghost.ts";
import type { StoredAct } from "../convert/stored.ts";
import { IntakeSpool } from "../intake.ts";
import { type BareJid, type Jid, readJid, withResource } from "../jid.ts";
import { ComponentLink } from "../link/component-link.ts";
import { XMPP } from "../name.ts";
import { DEFAULT_LIMITS, type XmppHomeOptions, type XmppLimits } from "../options.ts";
import { Recall } from "../recall.ts";
import { RecallNotes } from "../recall-notes.ts";
import { Receiver } from "../receive.ts";
import { Speech } from "../speech.ts";
import { readMessage, stateMessage } from "../stanza/message.ts";
import type { Grants } from "../stanza/privilege.ts";
import { el, elements, type XmlElement } from "../stanza/xml.ts";
import { GhostTyping } from "../typing.ts";
import { WaitingNotes } from "../waiting-notes.ts";
import { Asking } from "./asking.ts";
import { Blocks } from "./blocks.ts";
import { AdHocCommands } from "./commands.ts";
import { Groups } from "./groups/hosting.ts";
import { Lists } from "./lists.ts";
import { Marks } from "./marks.ts";
import { People } from "./people.ts";
import { Performer } from "./perform.ts";
import { PrivilegedRosters } from "./privileged.ts";
import { Registration } from "./register.ts";
import { createForeignRooms } from "./rooms/rooms.ts";
import { RosterTeller } from "./rosters.ts";
import { Services } from "./services.ts";
import { Views } from "./views.ts";

/** Servers that are remembered as granting something; any may say so of its own people. */
const MOST_GRANTING = 1000;

/**
 * Makes the parts in the order in which they need each other. What is made later is reached through `this` when it is
 * needed, which is never before the link is started.
 */
export class ComponentParts {
  readonly names: GhostJids;
  readonly link: ComponentLink;
  readonly people: People;
  readonly teller: RosterTeller;
  readonly performer: Performer;
  readonly speech: Speech;
  readonly typing: GhostTyping;
  readonly spool: IntakeSpool;
  readonly receiver: Receiver;
  readonly groups: Groups;
  readonly grants = new Map<string, Grants>();
  readonly log: Logger;
  /** The core's side; known once the home is started. */
  host: HomeHost | undefined;
  desk: RosterDesk | undefined;
  readonly recall: Recall;
  readonly #o: XmppHomeOptions;
  readonly #name: string;
  readonly #limits: XmppLimits;
  readonly #views: Views;
  readonly #asked: Marks;
  readonly #privileged: PrivilegedRosters;
  readonly #blocks: Blocks;
  readonly #asking: Asking;
  readonly #lists: Lists;
  readonly #commands: AdHocCommands;

  constructor(options: XmppHomeOptions) {
    this.#o = options;
    this.#name = options.name ?? "MSN";
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.log = options.log.child({ home: XMPP });
    const { log } = this;
    this.recall = new Recall(new RecallNotes({ home: XMPP, store: options.profiles, log }));
    this.names = new GhostJids(options.service.domain, options.networks);
    this.link = this.#openLink();
    this.#views = new Views(this.names);
    this.#asked = new Marks(options.profiles, "asked");
    this.people = this.#meetPeople();
    this.#privileged = this.#openPrivileged();
    this.#blocks = this.#openBlocks();
    this.#asking = this.#openAsking();
    this.#lists = this.#openLists();
    this.teller = this.#openTeller();
    this.spool = new IntakeSpool({
      home: XMPP,
      host: () => this.openedHost(),
      perResident: this.#limits.waitingPerResident,
      log: this.log,
    });
    this.#commands = this.#openCommands();
    this.speech = this.#openSpeech();
    this.typing = new GhostTyping((from, to, state) => this.link.sendLoosely(stateMessage({ from, to }, state)));
    this.performer = this.#openPerformer();
    const services = this.#openServices(this.#openRegistration());
    this.groups = this.#openGroups(services);
    this.receiver = this.#openReceiver(services);
  }

  /** @throws BridgeError `store-down` before the home is started. */
  openedHost(): HomeHost {
    if (!this.host) throw new BridgeError("store-down", { detail: "the XMPP side has not started" });
    return this.host;
  }

  /** @throws BridgeError `store-down` before the home is started. */
  openedDesk(): RosterDesk {
    if (!this.desk) throw new BridgeError("store-down", { detail: "the XMPP side has not started" });
    return this.desk;
  }

  #openLink(): ComponentLink {
    return new ComponentLink({
      service: { ...this.#o.service, domain: this.names.gateway },
      home: XMPP,
      stanza: (stanza) => this.receiver.take(stanza),
      online: () => {
        this.people.online();
        this.teller.online();
        this.speech.online();
        this.groups.online();
      },
      offline: () => {
        this.groups.offline();
        this.grants.clear();
        this.#privileged.reset();
        this.#blocks.reset();
      },
      meter: this.#o.meter,
      log: this.log,
      limits: this.#o.limits ?? {},
    });
  }

  #meetPeople(): People {
    return new People({
      home: XMPP,
      host: () => this.openedHost(),
      desk: () => this.openedDesk(),
      profiles: this.#o.profiles,
      stayOn: this.#o.stayOn,
      limit: this.#limits.residents,
      leaveMs: this.#limits.leaveMs,
      isKnown: (resident) => this.#views.accounts(resident).length > 0,
      came: (resident) => {
        this.teller.came(resident);
        if (this.people.hears(residentJid(resident))) this.speech.came(resident);
      },
      log: this.log,
    });
  }

  #openPrivileged(): PrivilegedRosters {
    const { names, link, log } = this;
    const named = new Marks(this.#o.profiles, "named");
    return new PrivilegedRosters({ link, names, name: this.#name, views: this.#views, named, log });
  }

  #openBlocks(): Blocks {
    const { link, log } = this;
    const alike = new Marks(this.#o.profiles, "blocked");
    return new Blocks({ link, views: this.#views, alike, store: this.#store, log });
  }

  #openAsking(): Asking {
    const { link, names, log } = this;
    return new Asking({
      link,
      names,
      name: this.#name,
      views: this.#views,
      asked: this.#asked,
      isSet: (domain) => this.#lists.isSet(domain),
      paceMs: this.#limits.subscribePaceMs,
      log,
    });
  }

  #openLists(): Lists {
    return new Lists({
      link: this.link,
      views: this.#views,
      asking: this.#asking,
      privileged: this.#privileged,
      blocks: this.#blocks,
      grants: this.#grantsOf,
      lookMs: this.#limits.rosterLookMs,
      isThere: (who) => this.people.isThere(who),
      store: this.#store,
      introduced: (resident) => this.teller.introduce(resident),
      freed: (resident, jid) => this.teller.tellAgain(resident, jid),
      log: this.log,
    });
  }

  #openTeller(): RosterTeller {
    const { link, names, log } = this;
    return new RosterTeller({
      link,
      names,
      name: this.#name,
      views: this.#views,
      asked: this.#asked,
      asking: this.#asking,
      privileged: this.#privileged,
      blocks: this.#blocks,
      lists: this.#lists,
      gone: (resident, isGone) => this.speech.forget(resident, isGone),
      isThere: (who) => this.people.isThere(who),
      log,
    });
  }

  #openCommands(): AdHocCommands {
    const { names } = this;
    return new AdHocCommands({
      names,
      accounts: (resident) => this.#views.accounts(resident).map(({ record }) => record.address),
      run: ({ from, line, room, id }) =>
        this.receiver.act({ kind: "command", from, to: names.gateway, line, room, id }),
      waitMs: this.#limits.commandMs,
    });
  }

  #openSpeech(): Speech {
    const { link, names, log } = this;
    return new Speech({
      home: XMPP,
      link,
      names,
      secret: this.#o.service.secret,
      commands: this.#commands,
      recall: this.recall,
      grants: this.#grantsOf,
      isOn: (client) => this.people.isOn(client),
      hears: (who) => this.people.hears(who),
      waiting: new WaitingNotes({ home: XMPP, store: this.#o.profiles, log }),
      log,
    });
  }

  #openPerformer(): Performer {
    const { link, names, teller, log } = this;
    return new Performer({
      home: XMPP,
      link,
      names,
      views: this.#views,
      teller,
      asked: this.#asked,
      isSet: (domain) => this.#lists.isSet(domain),
      desk: () => this.openedDesk(),
      say: (resident, room, text, key) => this.speech.say(resident, room, text, key),
      log,
    });
  }

  #openRegistration(): Registration {
    const { desk, linker, networks, passwordForm, mayLink } = this.#o;
    return new Registration({
      desk,
      linker,
      networks,
      passwordForm,
      mayLink,
      unlinkAll: (resident) => this.#unlinkAll(resident),
      isLinked: (resident) => this.openedHost().isLinked(resident),
    });
  }

  #openServices(registration: Registration): Services {
    const { link, names, log } = this;
    return new Services({
      home: XMPP,
      link,
      names,
      networks: this.#o.networks,
      name: this.#name,
      version: this.#o.version ?? "unknown",
      views: this.#views,
      commands: this.#commands,
      registration,
      privileged: this.#privileged,
      grants: this.#grantsOf,
      rooms: (asker) => this.groups.items(asker),
      store: this.#store,
      log,
    });
  }

  #openGroups(services: Services): Groups {
    const { link, names, spool, log } = this;
    const { profiles: notes, service, server } = this.#o;
    const shared = {
      home: XMPP,
      host: () => this.openedHost(),
      names,
      link,
      spool,
      secret: service.secret,
      notes,
      secrets: notes,
      recall: this.recall,
      say: (resident: ResidentId, text: string, key: string) => this.speech.say(resident, undefined, text, key),
      log,
    };
    return new Groups({
      ...shared,
      toGhost: (stanza, place) => {
        const { from, id } = readMessage(stanza) ?? {};
        if (from !== undefined && place !== undefined) this.speech.placed(from, id, place);
        this.receiver.toGhost(stanza);
      },
      answer: (ghost, iq) => void services.handle(...answeredInRoom(ghost, iq)),
      foreign: createForeignRooms({ ...shared, name: this.#name, ...(server === undefined ? {} : { server }) }),
    });
  }

  #openReceiver(services: Services): Receiver {
    const { link, names, people, teller, speech, spool, log } = this;
    return new Receiver({
      home: XMPP,
      host: () => this.openedHost(),
      names,
      secret: this.#o.service.secret,
      link,
      spool,
      people,
      teller,
      services,
      speech,
      recall: this.recall,
      rooms: (stanza) => this.groups.take(stanza),
      granted: (domain, granted) => {
        if (!this.grants.has(domain) && this.grants.size >= MOST_GRANTING) return;
        this.grants.set(domain, granted);
        log.info({ domain, ...granted, iq: [...granted.iq.keys()] }, "the server grants privileges");
        teller.granted(domain);
      },
      log,
    });
  }

  readonly #store = (acts: readonly StoredAct[]) => this.receiver.act(...acts);

  readonly #grantsOf = (domain: string): Grants | undefined => this.grants.get(domain);

  /** One `unlink` after the other, as if it were said. */
  async #unlinkAll(resident: ResidentId): Promise<void> {
    const accounts = await this.openedDesk().accounts(resident);
    const who = residentJid(resident);
    const to = this.names.gateway;
    const room = this.names.room(to, who);
    const from = who as string as Jid;
    const lines = accounts.map(({ address }) => `unlink ${address}`);
    await this.receiver.act(...lines.map((line) => ({ kind: "command", from, to, line, room }) as const), {
      kind: "act",
      act: "unregister",
      from,
      to,
    });
  }
}

/** What is asked of a ghost's place in a room is asked of its client; the place answers. */
function answeredInRoom(ghost: BareJid, iq: XmlElement): [XmlElement, Jid | undefined] {
  const to = withResource(ghost, "room");
  return [el("iq", { ...iq.attrs, to }, elements(iq)), readJid(iq.attrs.to)];
}
