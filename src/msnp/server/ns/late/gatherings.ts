import type { MsnStatus } from "../../../dialect/status.ts";
import { type Account, looksOffline } from "../../state/account.ts";
import type { Circle } from "../../state/circles.ts";
import type { NsSession } from "../session.ts";
import { announceOwner, isSeen, showCircle, showLeft, showProperties, showRoster, viewOf } from "./circle-views.ts";

/** A client that has reported a circle by ADL. At MSNP21 it is there only from its publication on. */
interface Seat {
  readonly session: NsSession;
  there: boolean;
}

/** Who is in the circles of a network now, and telling them about each other (source: msnp-chat §6.4, msnp21 §5.3). */
export class Gatherings {
  /** By circle id. */
  readonly #seats = new Map<string, Map<NsSession, Seat>>();

  /** A client has reported the circle; false when it had before. */
  enter(session: NsSession, circle: Circle): boolean {
    const seats = this.#seats.get(circle.id) ?? new Map<NsSession, Seat>();
    if (seats.has(session)) return false;
    const late = session.dialect.multipart === true;
    seats.set(session, { session, there: !late });
    this.#seats.set(circle.id, seats);
    if (late) {
      if (session.hasStatus) showCircle(session, circle);
    } else {
      session.circleNotice(circle);
      this.#greet(session, circle);
      for (const viewer of this.#audience(circle, session.account))
        this.#arrived(viewer, circle, session.account, true);
    }
    return true;
  }

  /** The circles of a client that has told its first status only now. */
  begin(session: NsSession, circles: readonly Circle[]): void {
    for (const circle of circles) if (this.#seats.get(circle.id)?.has(session)) showCircle(session, circle);
  }

  has(session: NsSession, circle: Circle): boolean {
    return this.#seats.get(circle.id)?.has(session) ?? false;
  }

  isThere(session: NsSession, circle: Circle): boolean {
    return this.#seats.get(circle.id)?.get(session)?.there ?? false;
  }

  /** The client shows itself in the circle. */
  publish(session: NsSession, circle: Circle): void {
    const seat = this.#seats.get(circle.id)?.get(session);
    if (seat === undefined) return;
    const comes = !seat.there;
    seat.there = true;
    if (comes) this.#greet(session, circle);
    if (looksOffline(session.account.status)) return;
    for (const viewer of this.#audience(circle, session.account)) {
      if (!comes || viewer !== session) this.#arrived(viewer, circle, session.account, false);
    }
  }

  /** Everything a newcomer finds. */
  #greet(session: NsSession, circle: Circle): void {
    const others = this.#people(circle, session.account).filter((account) => account !== session.account);
    if (session.dialect.multipart) {
      showRoster(session, circle, this.#people(circle, session.account));
      for (const other of others) viewOf(session).member(session, circle, other);
    } else {
      for (const other of others) this.#arrived(session, circle, other, true);
    }
  }

  #arrived(viewer: NsSession, circle: Circle, subject: Account, joins: boolean): void {
    const isOwn = viewer.account === subject;
    const isShown = isOwn ? subject.status !== "FLN" : isSeen(circle, subject);
    const roster = (): void => showRoster(viewer, circle, this.#people(circle, viewer.account));
    if (viewer.dialect.multipart) {
      roster();
      if (isShown && !isOwn) viewOf(viewer).member(viewer, circle, subject);
      return;
    }
    if (isShown) {
      if (joins && subject === circle.owner) announceOwner(viewer, circle);
      viewOf(viewer).member(viewer, circle, subject);
    }
    roster();
  }

  /** Those who hear of somebody: everybody who is there, but of silent people only their own clients. */
  #audience(circle: Circle, subject: Account): NsSession[] {
    const silent = circle.membership(subject)?.blocking === true;
    return this.#sessions(circle).filter((session) => !silent || session.account === subject);
  }

  #sessions(circle: Circle): NsSession[] {
    const seats = [...(this.#seats.get(circle.id)?.values() ?? [])];
    return seats.filter(({ there }) => there).map(({ session }) => session);
  }

  /** The roster as somebody sees it, who is on it in any case. */
  #people(circle: Circle, viewer: Account): Account[] {
    const accounts = new Set(this.#sessions(circle).map(({ account }) => account));
    return [...accounts].filter((account) => account === viewer || isSeen(circle, account));
  }

  /** Status, name or message of somebody have changed. */
  changed(subject: Account, before: MsnStatus): void {
    for (const [id, seats] of this.#seats) {
      const mine = [...seats.values()].find(({ session, there }) => there && session.account === subject);
      const circle = mine?.session.hub.circles.get(id);
      if (circle === undefined) continue;
      for (const viewer of this.#audience(circle, subject)) {
        if (viewer.account !== subject || !viewer.dialect.multipart) this.#changed(viewer, circle, subject, before);
      }
    }
  }

  #changed(viewer: NsSession, circle: Circle, subject: Account, before: MsnStatus): void {
    if (viewer.account !== subject && !isSeen(circle, subject)) {
      if (!looksOffline(before)) viewOf(viewer).gone(viewer, circle, subject);
      return;
    }
    viewOf(viewer).member(viewer, circle, subject, before);
    if (!viewer.dialect.multipart) showRoster(viewer, circle, this.#people(circle, viewer.account));
  }

  /** Somebody silences the circle, or lets it speak again. */
  setBlocking(session: NsSession, circle: Circle, blocking: boolean): void {
    const membership = circle.membership(session.account);
    if (membership === undefined || membership.blocking === blocking) return;
    membership.blocking = blocking;
    for (const viewer of this.#sessions(circle)) {
      if (viewer.account === session.account) continue;
      if (blocking) viewOf(viewer).gone(viewer, circle, session.account);
      else if (isSeen(circle, session.account)) viewOf(viewer).member(viewer, circle, session.account);
      showRoster(viewer, circle, this.#people(circle, viewer.account));
    }
  }

  properties(circle: Circle): void {
    for (const session of this.#sessions(circle)) showProperties(session, circle);
  }

  /** Whom a message from a client reaches. */
  listeners(from: NsSession, circle: Circle): NsSession[] {
    return this.#sessions(circle).filter(
      (session) => session !== from && circle.membership(session.account)?.blocking !== true,
    );
  }

  /** Somebody has left the circle: their clients lose their places, everybody else is told. */
  left(circle: Circle, account: Account): void {
    const seats = this.#seats.get(circle.id);
    const own = [...(seats?.keys() ?? [])].filter((session) => session.account === account);
    const wasThere = own.some((session) => seats?.get(session)?.there);
    for (const session of own) {
      // They see everybody else leave (Escargot tells it so).
      if (!session.dialect.multipart)
        for (const other of this.#sessions(circle)) showLeft(session, circle, other.account);
      seats?.delete(session);
    }
    for (const viewer of this.#sessions(circle)) if (wasThere) showLeft(viewer, circle, account);
    this.notice(circle, account);
  }

  /** Members have changed: everybody who is there, but for one person, is to look again. */
  notice(circle: Circle, but?: Account): void {
    for (const session of this.#seats.get(circle.id)?.keys() ?? []) {
      if (session.account !== but) session.circleNotice(circle);
    }
  }

  /** Somebody has refused to come. */
  declined(circle: Circle): void {
    for (const session of this.#sessions(circle)) {
      showRoster(session, circle, this.#people(circle, session.account));
      session.circleNotice(circle);
    }
  }

  /** The client has left its chats, but not the circles. */
  withdraw(session: NsSession, circle: Circle): void {
    const seat = this.#seats.get(circle.id)?.get(session);
    if (seat === undefined || !seat.there) return;
    seat.there = false;
    if (this.#sessions(circle).some(({ account }) => account === session.account)) return;
    for (const viewer of this.#sessions(circle)) showLeft(viewer, circle, session.account);
  }

  /** A client is gone. Others at MSNP21 are told; older ones learn it from the status. */
  end(session: NsSession): void {
    for (const [id, seats] of this.#seats) {
      const seat = seats.get(session);
      seats.delete(session);
      if (seats.size === 0) this.#seats.delete(id);
      const circle = session.hub.circles.get(id);
      if (seat?.there !== true || circle === undefined) continue;
      const stays = this.#sessions(circle).some(({ account }) => account === session.account);
      if (stays || !isSeen(circle, session.account)) continue;
      for (const viewer of this.#sessions(circle)) viewOf(viewer).gone(viewer, circle, session.account);
    }
  }
}
