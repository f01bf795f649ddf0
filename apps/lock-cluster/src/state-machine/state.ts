import { invariant, SnapshotTable } from '@quorate/raft';
import type { AppliedAt } from '@quorate/raft';
import { Deadlines } from './deadlines.ts';
import type { LockEvent } from './events.ts';
import type { WaitId } from './ids.ts';
import { Line } from './line.ts';
import type { LockLimits } from './limits.ts';
import { bitOf, modeCount, ordinalOf, type Mode } from './modes.ts';
import { NodeLives } from './node-lives.ts';
import {
  decodeDelay,
  decodeHold,
  decodeTicket,
  decodeWait,
  encodeDelay,
  encodeHold,
  encodeTicket,
  encodeWait,
  packed,
  unpacked,
} from './record-codec.ts';
import type { Client, Delay, Ending, Hold, Lock, Place, Ticket, Wait } from './records.ts';

/** What one entry does on its way: events for those who wait, and keys where something came free. */
export interface Step {
  readonly at: AppliedAt;
  readonly events: LockEvent[];
  readonly freed: Lock[];
}

/**
 * The records of the table and the indexes over them. It keeps both in step and knows no rule of
 * locking: who may hold what is decided by its callers.
 *
 * Records live in snapshot tables: they are changed in place only after `change`, which lets a
 * snapshot that is being read write the old value first.
 */
export class LockState {
  readonly limits: LockLimits;
  readonly locks = new Map<string, Lock>();
  readonly clients = new Map<string, Client>();
  readonly deadlines = new Deadlines<Ending>();
  readonly lives = new NodeLives();
  /** Of holds, waits, tickets, delays and places: the one counter behind every order. */
  nextSerial = 1;

  readonly tickets = new SnapshotTable<WaitId, Ticket>({
    encode: (_, ticket) => encodeTicket(ticket),
    decode: (bytes) => {
      const ticket = decodeTicket(bytes);
      return [ticket.id, ticket];
    },
    restored: (_, ticket) => this.#watch(ticket),
  });

  readonly holds = new SnapshotTable<number, Hold>({
    encode: (_, hold) => encodeHold(hold),
    decode: (bytes) => {
      const hold = decodeHold(bytes, this);
      return [hold.serial, hold];
    },
    restored: (_, hold) => this.#index(hold),
  });

  readonly waits = new SnapshotTable<WaitId, Wait>({
    encode: (_, wait) => encodeWait(wait),
    decode: (bytes) => {
      const wait = decodeWait(bytes, this);
      return [wait.id, wait];
    },
    restored: (_, wait) => this.#indexRestoredWait(wait),
  });

  readonly delays = new SnapshotTable<string, Delay>({
    encode: (_, delay) => encodeDelay(delay),
    decode: (bytes) => {
      const delay = decodeDelay(bytes, this);
      return [delay.lock.key, delay];
    },
    restored: (_, delay) => {
      delay.lock.delay = delay;
      this.#watch(delay);
    },
  });

  /** Keys that belong to the other algorithm. */
  readonly reserved = new SnapshotTable<string, true>({
    encode: (key) => packed(key),
    decode: (bytes) => [unpacked(bytes) as string, true],
  });

  /** Waits whose callers' node came or went, to be looked at a bounded number at a time. */
  readonly toReview = new SnapshotTable<WaitId, true>({
    encode: (id) => packed(id),
    decode: (bytes) => [unpacked(bytes) as WaitId, true],
  });

  constructor(limits: LockLimits) {
    this.limits = limits;
  }

  /** Before a restore: the tables empty themselves, the indexes are emptied here. */
  forget(): void {
    this.locks.clear();
    this.clients.clear();
    this.deadlines.clear();
  }

  takeSerial(): number {
    return this.nextSerial++;
  }

  lock(key: string): Lock {
    let lock = this.locks.get(key);
    if (lock === undefined) {
      const held = new Array<number>(modeCount).fill(0);
      lock = {
        key,
        holds: new Set(),
        held,
        heldMask: 0,
        line: undefined,
        placeCount: 0,
        delay: undefined,
      };
      this.locks.set(key, lock);
    }
    return lock;
  }

  client(id: string): Client {
    let client = this.clients.get(id);
    if (client === undefined) {
      client = { id, holds: new Map(), waits: new Set(), places: new Map() };
      this.clients.set(id, client);
    }
    return client;
  }

  addHold(hold: Hold): void {
    this.holds.set(hold.serial, hold);
    this.#index(hold);
  }

  setMode(hold: Hold, mode: Mode): void {
    this.#count(hold, -1);
    hold.mode = mode;
    this.#count(hold, 1);
  }

  removeHold(hold: Hold): void {
    const { lock, client } = hold;
    this.holds.delete(hold.serial);
    this.deadlines.remove(hold);
    this.#count(hold, -1);
    lock.holds.delete(hold);
    client.holds.delete(lock);
    this.untie(hold);
    this.#dropLock(lock);
    this.#dropClient(client);
  }

  /** The hold is no longer its ticket's; a ticket without holds is forgotten. */
  untie(hold: Hold): void {
    const { ticket } = hold;
    if (ticket === undefined) return;
    hold.ticket = undefined;
    ticket.holds.delete(hold);
    if (ticket.holds.size > 0) return;
    this.tickets.delete(ticket.id);
    this.deadlines.remove(ticket);
  }

  addTicket(ticket: Ticket, askByMs: number | undefined): void {
    this.tickets.set(ticket.id, ticket);
    this.deadlines.schedule(ticket, askByMs);
  }

  /** Its places must have their orders; they are linked into the lines unless it is suspended. */
  addWait(wait: Wait): void {
    this.waits.set(wait.id, wait);
    this.#indexWait(wait);
  }

  removeWait(wait: Wait): void {
    this.waits.delete(wait.id);
    this.deadlines.remove(wait);
    this.toReview.delete(wait.id);
    this.stepOut(wait);
    wait.client.waits.delete(wait);
    for (const place of wait.places) {
      this.#unlist(place);
      place.lock.placeCount -= 1;
      this.#dropLock(place.lock);
    }
    this.#dropClient(wait.client);
  }

  /** Links the places of a wait into their lines. */
  stepIn(wait: Wait): void {
    for (const place of wait.places) (place.lock.line ??= new Line()).insert(place);
  }

  stepOut(wait: Wait): void {
    for (const place of wait.places) {
      if (place.standing) place.lock.line!.remove(place);
      if (place.lock.line?.size === 0) place.lock.line = undefined;
    }
  }

  addDelay(delay: Delay, untilMs: number): void {
    delay.lock.delay = delay;
    this.delays.set(delay.lock.key, delay);
    this.deadlines.schedule(delay, untilMs);
  }

  removeDelay(delay: Delay): void {
    delay.lock.delay = undefined;
    this.delays.delete(delay.lock.key);
    this.deadlines.remove(delay);
    this.#dropLock(delay.lock);
  }

  /** A wait that never began leaves no empty lock or client behind. */
  forgetUnused(wait: Wait): void {
    for (const { lock } of wait.places) this.#dropLock(lock);
    this.#dropClient(wait.client);
  }

  /** Marks the client's places among the arrivals of a key that it now holds. */
  entwine(lock: Lock, client: Client): void {
    for (let place = client.places.get(lock); place !== undefined; place = place.sibling) {
      if (place.entwined) continue;
      place.entwined = true;
      if (place.standing) lock.line!.entwined += 1;
    }
  }

  #index(hold: Hold): void {
    hold.lock.holds.add(hold);
    hold.client.holds.set(hold.lock, hold);
    this.#count(hold, 1);
    if (hold.ticket !== undefined) hold.ticket.holds.add(hold);
    if (hold.client.places.size > 0) this.entwine(hold.lock, hold.client);
    this.#watch(hold);
  }

  #indexWait(wait: Wait): void {
    wait.client.waits.add(wait);
    for (const place of wait.places) {
      place.lock.placeCount += 1;
      this.#list(place);
    }
    if (!wait.suspended) this.stepIn(wait);
  }

  #indexRestoredWait(wait: Wait): void {
    this.#indexWait(wait);
    this.#watch(wait);
  }

  #list(place: Place): void {
    const { client } = place.wait;
    const sibling = client.places.get(place.lock);
    // Siblings stay in the order in which they came, on every node.
    if (sibling === undefined) client.places.set(place.lock, place);
    else lastSibling(sibling).sibling = place;
    place.entwined = sibling !== undefined || (!place.first && client.holds.has(place.lock));
  }

  #unlist(place: Place): void {
    const { places } = place.wait.client;
    const head = places.get(place.lock);
    if (head === place) {
      if (place.sibling === undefined) places.delete(place.lock);
      else places.set(place.lock, place.sibling);
    } else {
      let before = head;
      while (before !== undefined && before.sibling !== place) before = before.sibling;
      invariant(before !== undefined, 'a place is listed with its client');
      before.sibling = place.sibling;
    }
    place.sibling = undefined;
  }

  #count(hold: Hold, by: 1 | -1): void {
    const { lock } = hold;
    const ordinal = ordinalOf(hold.mode);
    const count = lock.held[ordinal]! + by;
    lock.held[ordinal] = count;
    if (count === 0) lock.heldMask &= ~bitOf(hold.mode);
    else lock.heldMask |= bitOf(hold.mode);
  }

  /** What has a time (a restored record; a hold that was just made) goes among the deadlines. */
  #watch(ending: Ending): void {
    if (Number.isFinite(ending.dueMs)) this.deadlines.schedule(ending, ending.dueMs);
  }

  #dropLock(lock: Lock): void {
    if (lock.holds.size > 0 || lock.placeCount > 0 || lock.delay !== undefined) return;
    this.locks.delete(lock.key);
  }

  #dropClient(client: Client): void {
    if (client.holds.size > 0 || client.waits.size > 0) return;
    this.clients.delete(client.id);
  }
}

function lastSibling(place: Place): Place {
  let last = place;
  while (last.sibling !== undefined) last = last.sibling;
  return last;
}
