import type { AcquireCommand, ConvertCommand, KeyMode } from '../commands.ts';
import { areCompatible, covers, weakestCovering, type Mode } from '../modes.ts';

/**
 * The lock table as one would tell it, without a single index: lists that are searched from one end to
 * the other, and a wait-for graph that is drawn anew for each question. It is slow and plainly right,
 * and knows nothing of nodes that go away.
 */
export interface ModelHold {
  /** What is due at the same moment comes in the order in which it began. */
  readonly born: number;
  readonly bornAt: number;
  readonly key: string;
  readonly client: string;
  mode: Mode;
  token: number;
  ttlMs: number;
  lockDelayMs: number;
  dueMs: number;
  /** The only call that was told of it. */
  call: number | undefined;
  former: { readonly mode: Mode; readonly token: number } | undefined;
  ticket: ModelTicket | undefined;
}

export interface ModelPlace extends KeyMode {
  readonly wait: ModelWait;
  readonly converts: boolean;
}

export interface ModelWait {
  readonly born: number;
  readonly id: number;
  readonly client: string;
  readonly places: ModelPlace[];
  readonly exact: boolean;
  readonly ttlMs: number | undefined;
  readonly lockDelayMs: number | undefined;
  callers: readonly { readonly call: number; readonly untilMs: number }[];
  askByMs: number | undefined;
}

interface ModelTicket {
  readonly born: number;
  readonly bornAt: number;
  readonly id: number;
  readonly client: string;
  readonly holds: Set<ModelHold>;
  dueMs: number;
}

/** Conversions stand before arrivals. */
interface ModelLine {
  first: ModelPlace[];
  second: ModelPlace[];
}

/** What the table says in the terms of this model: replies and events without node and incarnation. */
export type Said = Readonly<Record<string, unknown>>;

export interface ModelRequest {
  readonly client: string;
  readonly keys: readonly KeyMode[];
  readonly exact: boolean;
  readonly ttlMs: number | undefined;
  readonly lockDelayMs: number | undefined;
  readonly waitMs: number;
  readonly queue: boolean;
  readonly call: number;
}

const patienceMs = 10_000;

export class PlainModel {
  holds: ModelHold[] = [];
  waits: ModelWait[] = [];
  tickets: ModelTicket[] = [];
  readonly delays = new Map<string, { readonly born: number; dueMs: number }>();
  readonly lines = new Map<string, ModelLine>();
  said: Said[] = [];
  births = 0;
  index = 0;
  nowMs = 0;

  /** Each entry of the log begins like this. */
  begin(index: number, nowMs: number): void {
    this.index = index;
    this.nowMs = nowMs;
    this.said = [];
  }

  hold(key: string, client: string): ModelHold | undefined {
    return this.holds.find((hold) => hold.key === key && hold.client === client);
  }

  line(key: string): ModelLine {
    let line = this.lines.get(key);
    if (line === undefined) this.lines.set(key, (line = { first: [], second: [] }));
    return line;
  }

  inLine(key: string): readonly ModelPlace[] {
    const { first, second } = this.line(key);
    return [...first, ...second];
  }

  /** What a place that stands there, or would stand at the tail, waits for. */
  inTheWay(
    { key, mode }: KeyMode,
    client: string,
    at: ModelPlace | 'first' | 'second',
  ): { readonly holds: readonly ModelHold[]; readonly places: readonly ModelPlace[] } {
    const own = this.hold(key, client);
    if (own !== undefined && covers(own.mode, mode)) return { holds: [], places: [] };
    const { first, second } = this.line(key);
    let ahead = at === 'first' ? first : [...first, ...second];
    if (typeof at === 'object') ahead = ahead.slice(0, ahead.indexOf(at));
    return {
      holds: this.holds.filter(
        (hold) => hold.key === key && hold.client !== client && !areCompatible(hold.mode, mode),
      ),
      places: ahead.filter(
        (place) => place.wait.client !== client && !areCompatible(place.mode, mode),
      ),
    };
  }

  /** Whom a client waits for, directly. */
  waitsFor(client: string): ReadonlySet<string> {
    const others = new Set<string>();
    for (const wait of this.waits) {
      if (wait.client !== client) continue;
      for (const place of wait.places) {
        const { holds, places } = this.inTheWay(place, client, place);
        for (const hold of holds) others.add(hold.client);
        for (const other of places) others.add(other.wait.client);
      }
    }
    return others;
  }

  /** Everyone whom the client waits for, directly or through others. */
  reachableFrom(client: string): ReadonlySet<string> {
    const met = new Set(this.waitsFor(client));
    // A set that grows while it is walked hands out what was added, too.
    for (const other of met) this.waitsFor(other).forEach((one) => met.add(one));
    return met;
  }

  /** Everyone who waits for the client, directly or through others. */
  waitersOn(client: string): ReadonlySet<string> {
    const clients = new Set(this.waits.map((wait) => wait.client));
    const found = new Set<string>();
    for (let grew = true; grew;) {
      grew = false;
      for (const other of clients) {
        if (other === client || found.has(other)) continue;
        const direct = this.waitsFor(other);
        if (!direct.has(client) && ![...direct].some((one) => found.has(one))) continue;
        found.add(other);
        grew = true;
      }
    }
    return found;
  }

  ask(request: ModelRequest): Said {
    const { client, keys, waitMs, queue } = request;
    const standing = this.sameWait(request);
    if (standing !== undefined && (queue || waitMs > 0)) return this.#join(standing, request);
    if (this.#mayHaveAtOnce(client, keys)) {
      const to = { ...request, call: request.call };
      const holds = keys.map((wanted) => this.#grant(wanted, to));
      return { kind: 'granted', client, holds: holds.map(told) };
    }
    if (!queue && waitMs === 0) return { kind: 'held', keys: this.#keysInTheWay(client, keys) };
    return this.#stand(request);
  }

  sameWait({ client, keys, exact }: ModelRequest): ModelWait | undefined {
    return this.waits.find(
      (wait) =>
        wait.client === client &&
        wait.exact === exact &&
        wait.places.length === keys.length &&
        keys.every(({ key, mode }) => wait.places.some((p) => p.key === key && p.mode === mode)),
    );
  }

  #keysInTheWay(client: string, keys: readonly KeyMode[]): readonly string[] {
    return keys.filter((wanted) => !this.#isFree(client, wanted)).map(({ key }) => key);
  }

  #isFree(client: string, wanted: KeyMode): boolean {
    const own = this.hold(wanted.key, client);
    if (own !== undefined && covers(own.mode, wanted.mode)) return true;
    if (this.delays.has(wanted.key)) return false;
    if (own !== undefined && this.#passesOneWaitedFor(client, wanted)) return false;
    const { holds, places } = this.inTheWay(wanted, client, own ? 'first' : 'second');
    return holds.length === 0 && places.length === 0;
  }

  #passesOneWaitedFor(client: string, { key, mode }: KeyMode): boolean {
    const ahead = this.reachableFrom(client);
    return this.line(key).second.some(
      (place) => ahead.has(place.wait.client) && !areCompatible(place.mode, mode),
    );
  }

  #mayHaveAtOnce(client: string, keys: readonly KeyMode[]): boolean {
    const waiters = this.waitersOn(client);
    return keys.every((wanted) => {
      const own = this.hold(wanted.key, client);
      if (own !== undefined && covers(own.mode, wanted.mode)) return true;
      if (this.delays.has(wanted.key)) return false;
      if (own !== undefined && this.#passesOneWaitedFor(client, wanted)) return false;
      const { holds, places } = this.inTheWay(wanted, client, own ? 'first' : 'second');
      return holds.length === 0 && places.every((place) => waiters.has(place.wait.client));
    });
  }

  #join(wait: ModelWait, { waitMs, queue, call }: ModelRequest): Said {
    if (waitMs > 0) wait.callers = [...wait.callers, { call, untilMs: this.nowMs + waitMs }];
    if (queue) wait.askByMs = Math.max(wait.askByMs ?? 0, this.nowMs + waitMs + patienceMs);
    return this.#welcome(wait, waitMs);
  }

  #welcome(wait: ModelWait, waitMs: number): Said {
    return waitMs > 0
      ? { kind: 'waiting', wait: wait.id, untilMs: this.nowMs + waitMs }
      : { kind: 'queued', ticket: wait.id, position: this.position(wait) };
  }

  position(wait: ModelWait): number {
    return Math.max(...wait.places.map((place) => this.inLine(place.key).indexOf(place) + 1));
  }

  #stand(request: ModelRequest): Said {
    const { client, keys, exact, ttlMs, lockDelayMs, waitMs, queue, call } = request;
    const waiters = this.waitersOn(client);
    const wait: ModelWait = {
      born: (this.births += 1),
      id: this.index,
      client,
      places: [],
      exact,
      ttlMs,
      lockDelayMs,
      callers: waitMs > 0 ? [{ call, untilMs: this.nowMs + waitMs }] : [],
      askByMs: queue ? this.nowMs + waitMs + patienceMs : undefined,
    };
    for (const { key, mode } of keys) {
      wait.places.push({ wait, key, mode, converts: this.hold(key, client) !== undefined });
    }
    const blockers = wait.places.map((place) =>
      this.inTheWay(place, client, place.converts ? 'first' : 'second'),
    );
    if (blockers.some(({ holds }) => holds.some((hold) => waiters.has(hold.client)))) {
      return { kind: 'deadlock' };
    }
    const ahead = this.#everyoneAhead(wait, waiters);
    for (const [i, place] of wait.places.entries()) {
      const line = this.line(place.key);
      const mustOvertake = blockers[i]!.places.some((other) => waiters.has(other.wait.client));
      const overtaken = mustOvertake
        ? (place.converts ? line.first : this.inLine(place.key)).filter((other) =>
            waiters.has(other.wait.client),
          )
        : [];
      if (place.converts) {
        const along = line.second.filter((other) => ahead.has(other.wait.client));
        line.second = line.second.filter((other) => !along.includes(other));
        line.first.push(...along);
      }
      line.first = line.first.filter((other) => !overtaken.includes(other));
      line.second = line.second.filter((other) => !overtaken.includes(other));
      line[place.converts ? 'first' : 'second'].push(place, ...overtaken);
    }
    this.waits.push(wait);
    return this.#welcome(wait, waitMs);
  }

  /** Whom the newcomer will wait for, leaving out those who wait for it. */
  #everyoneAhead(wait: ModelWait, without: ReadonlySet<string>): ReadonlySet<string> {
    const met = new Set([...this.reachableFrom(wait.client)].filter((one) => !without.has(one)));
    const meet = (client: string): void => {
      if (client !== wait.client && !without.has(client)) met.add(client);
    };
    for (const place of wait.places) {
      const at = place.converts ? 'first' : 'second';
      const { holds, places } = this.inTheWay(place, wait.client, at);
      for (const hold of holds) meet(hold.client);
      for (const other of places) meet(other.wait.client);
    }
    // A set that grows while it is walked hands out what was added, too.
    for (const client of met) this.waitsFor(client).forEach(meet);
    return met;
  }

  #grant(
    { key, mode }: KeyMode,
    to: Pick<ModelRequest, 'client' | 'exact' | 'ttlMs' | 'lockDelayMs'> & {
      readonly call: number | undefined;
    },
  ): ModelHold {
    const { client, exact, lockDelayMs, call } = to;
    const own = this.hold(key, client);
    if (own === undefined) {
      const hold: ModelHold = {
        born: (this.births += 1),
        bornAt: this.index,
        key,
        client,
        mode,
        token: this.index,
        ttlMs: to.ttlMs!,
        lockDelayMs: lockDelayMs ?? 0,
        dueMs: this.nowMs + to.ttlMs!,
        call,
        former: undefined,
        ticket: undefined,
      };
      this.holds.push(hold);
      return hold;
    }
    const before = { mode: own.mode, token: own.token };
    own.mode = exact ? mode : weakestCovering(own.mode, mode);
    this.confirm(own);
    if (!covers(before.mode, own.mode)) {
      Object.assign(own, { token: this.index, call, former: before });
    }
    own.ttlMs = to.ttlMs ?? own.ttlMs;
    own.dueMs = this.nowMs + own.ttlMs;
    own.lockDelayMs = lockDelayMs ?? own.lockDelayMs;
    return own;
  }

  /** More than one knows of it now. */
  confirm(hold: ModelHold): void {
    hold.call = undefined;
    hold.former = undefined;
    if (hold.ticket !== undefined) hold.ticket.dueMs = Infinity;
  }

  /** Grants whatever can be granted, until nothing can. */
  settle(): void {
    for (;;) {
      const wait = this.waits.find((one) => this.mayGo(one));
      if (wait === undefined) return;
      this.#grantWait(wait);
    }
  }

  mayGo({ client, places, callers, askByMs }: ModelWait): boolean {
    if (callers.length === 0 && !(askByMs !== undefined && askByMs > this.nowMs)) return false;
    return places.every((place) => {
      const own = this.hold(place.key, client);
      if (own !== undefined && covers(own.mode, place.mode)) return true;
      if (this.delays.has(place.key)) return false;
      const { holds, places: ahead } = this.inTheWay(place, client, place);
      return holds.length === 0 && ahead.length === 0;
    });
  }

  #grantWait(wait: ModelWait): void {
    const { client, callers, askByMs } = wait;
    const call = callers.length === 1 ? callers[0]!.call : undefined;
    const holds = wait.places.map((place) => this.#grant(place, { ...wait, call }));
    if (askByMs !== undefined) {
      const fresh = holds.filter((hold) => hold.token === this.index);
      const dueMs = callers.length === 0 ? askByMs : Infinity;
      const born = (this.births += 1);
      const ticket: ModelTicket = {
        born,
        bornAt: this.index,
        id: wait.id,
        client,
        holds: new Set(fresh),
        dueMs,
      };
      for (const hold of fresh) {
        this.untie(hold);
        hold.ticket = ticket;
      }
      this.tickets.push(ticket);
    }
    this.removeWait(wait);
    const calls = callers.map((caller) => caller.call);
    this.said.push({ kind: 'granted', wait: wait.id, holds: holds.map(told), calls });
  }

  removeWait(wait: ModelWait): void {
    this.waits = this.waits.filter((other) => other !== wait);
    for (const { key } of wait.places) {
      const line = this.line(key);
      line.first = line.first.filter((place) => place.wait !== wait);
      line.second = line.second.filter((place) => place.wait !== wait);
    }
  }

  untie(hold: ModelHold): void {
    const { ticket } = hold;
    if (ticket === undefined) return;
    hold.ticket = undefined;
    ticket.holds.delete(hold);
    if (ticket.holds.size === 0) this.tickets = this.tickets.filter((other) => other !== ticket);
  }

  endHold(hold: ModelHold): void {
    this.untie(hold);
    this.holds = this.holds.filter((other) => other !== hold);
    for (const wait of this.waits) {
      const { key, client } = hold;
      if (wait.client !== client) continue;
      if (!wait.places.some((place) => place.key === key && place.converts)) continue;
      this.removeWait(wait);
      const calls = wait.callers.map((caller) => caller.call);
      this.said.push({ kind: 'hold-lost', wait: wait.id, calls });
    }
  }

  /** A grant that nobody knows of is undone. */
  takeBack(hold: ModelHold): void {
    const { former } = hold;
    if (former === undefined) {
      this.endHold(hold);
      return;
    }
    this.untie(hold);
    hold.call = undefined;
    hold.former = undefined;
    if (!covers(hold.mode, former.mode)) return;
    hold.mode = former.mode;
    hold.token = former.token;
  }
}

export const told = ({ key, mode, token, dueMs }: ModelHold): Said => ({
  key,
  mode,
  token,
  expiresAtMs: dueMs,
});

export function requestOf(command: AcquireCommand | ConvertCommand): ModelRequest {
  const { client, waitMs, call } = command;
  if (command.kind === 'acquire') {
    const { keys, ttlMs, lockDelayMs, queue } = command;
    return { client, keys, exact: false, ttlMs, lockDelayMs, waitMs, queue, call };
  }
  const keys = command.keys.map((key) => ({ key, mode: command.mode }));
  const unchanged = { ttlMs: undefined, lockDelayMs: undefined, queue: false };
  return { client, keys, exact: true, ...unchanged, waitMs, call };
}
