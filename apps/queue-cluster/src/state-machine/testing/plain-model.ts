/**
 * What the queue table must do, written as plainly as possible: lists that are walked from the front,
 * nothing indexed, nothing remembered that could be looked up. Slow, and easy to believe.
 *
 * Time passes only in `pass`, which does everything that is due.
 */
export interface ModelMessage {
  readonly id: number;
  readonly queue: string;
  readonly value: string;
  readonly key: string | undefined;
  readonly priority: number;
  readonly expiresAtMs: number;
  readonly views: Map<string, View>;
}

interface View {
  notBeforeMs: number;
  deliveries: number;
  attempt: number;
  leaseUntilMs: number | undefined;
  /** Who answers the delivery, until it has said that it did. */
  unconfirmedAt: string | undefined;
}

export interface ModelRequest {
  readonly id: number;
  readonly queue: string;
  readonly group: string;
  readonly max: number;
  readonly waitMs: number;
}

interface ModelWait extends ModelRequest {
  readonly untilMs: number;
  node: string;
}

/** What became of a request, for who asks again; a wait that was lost with its node has no end. */
type End =
  | { readonly kind: 'given'; readonly deliveries: readonly ModelDelivery[] }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'group-removed' };

export type ModelReply = readonly ModelDelivery[] | 'waiting' | 'no-group';

export interface ModelDelivery {
  readonly message: ModelMessage;
  readonly group: string;
  readonly attempt: number;
  readonly deliveries: number;
}

interface Content {
  readonly value: string;
  readonly key?: string | undefined;
  readonly priority?: number;
  readonly ttlMs?: number | undefined;
}

export interface ModelOptions {
  readonly groups: Record<string, readonly string[]>;
  readonly dedupWindowMs: number;
  readonly visibilityMs: number;
  readonly maxDeliveries: number;
}

export class PlainModel {
  readonly #options: ModelOptions;
  nowMs = 0;
  messages: ModelMessage[] = [];
  waits: ModelWait[] = [];
  /** What those who waited were given since last asked. */
  served: { readonly wait: number; readonly deliveries: readonly ModelDelivery[] }[] = [];
  #lastId = 0;
  #seen: { readonly queue: string; readonly dedupId: string; readonly untilMs: number }[] = [];
  readonly #ends = new Map<number, End>();
  readonly #origin = new Map<number, { queue: string; group: string }>();

  constructor(options: ModelOptions) {
    this.#options = options;
  }

  groupsOf(queue: string): readonly string[] {
    return this.#options.groups[queue] ?? ['default'];
  }

  /** True when the message was seen before. */
  enqueue(
    queue: string,
    message: Content & {
      readonly delayMs?: number | undefined;
      readonly dedupId?: string | undefined;
    },
  ): boolean {
    const { dedupId } = message;
    if (dedupId !== undefined) {
      if (this.#seen.some((one) => one.queue === queue && one.dedupId === dedupId)) return true;
      const untilMs = this.nowMs + this.#options.dedupWindowMs;
      this.#seen.push({ queue, dedupId, untilMs });
    }
    const notBeforeMs = this.nowMs + (message.delayMs ?? 0);
    this.#add(queue, { ...message, notBeforeMs }, this.groupsOf(queue));
    this.#serve();
    return false;
  }

  dequeue(request: ModelRequest, node: string): ModelReply {
    const { id, queue, group, waitMs } = request;
    if (!this.groupsOf(queue).includes(group)) return 'no-group';
    const somebodyWaits = this.waits.some((one) => one.queue === queue && one.group === group);
    const deliveries = somebodyWaits ? [] : this.#take(request, node);
    if (deliveries.length > 0 || waitMs === 0) {
      this.#ends.set(id, { kind: 'given', deliveries });
      return deliveries;
    }
    this.waits.push({ ...request, node, untilMs: this.nowMs + waitMs });
    return 'waiting';
  }

  /** The same request again, through whatever node. */
  repeat(request: ModelRequest, node: string): ModelReply {
    const wait = this.waits.find(({ id }) => id === request.id);
    if (wait !== undefined) {
      wait.node = node;
      return 'waiting';
    }
    const end = this.#ends.get(request.id);
    if (end === undefined) return this.dequeue(request, node);
    if (end.kind === 'timeout') return [];
    if (end.kind === 'group-removed') return 'no-group';
    return end.deliveries.filter(({ message, group, attempt }) => {
      const view = this.messages.includes(message) ? message.views.get(group) : undefined;
      if (view?.leaseUntilMs === undefined || view.attempt !== attempt) return false;
      view.unconfirmedAt = node;
      return true;
    });
  }

  /** The node has answered all that was delivered through it. */
  confirm(node: string): void {
    for (const { views } of this.messages) {
      for (const view of views.values()) {
        if (view.unconfirmedAt === node) view.unconfirmedAt = undefined;
      }
    }
  }

  loseNode(node: string): void {
    this.waits = this.waits.filter((wait) => wait.node !== node);
    for (const message of [...this.messages]) {
      for (const group of this.groupsOf(message.queue)) {
        const view = message.views.get(group);
        if (view?.leaseUntilMs === undefined || view.unconfirmedAt !== node) continue;
        view.deliveries -= 1;
        this.#rest(message, group, 0);
      }
    }
    this.#serve();
  }

  changeGroups(queue: string, groups: readonly string[]): void {
    const removed = this.groupsOf(queue).filter((group) => !groups.includes(group));
    this.#options.groups[queue] = groups;
    this.waits = this.waits.filter(({ id, queue: at, group }) => {
      if (at !== queue || !removed.includes(group)) return true;
      this.#ends.set(id, { kind: 'group-removed' });
      return false;
    });
    for (const message of this.messages.filter((one) => one.queue === queue)) {
      for (const group of removed) this.#leave(message, group);
    }
    this.#serve();
  }

  settle({ message, group, attempt }: ModelDelivery): 'acked' | 'stale' | 'not-found' {
    const view = this.messages.includes(message) ? message.views.get(group) : undefined;
    if (view === undefined) return 'not-found';
    if (view.leaseUntilMs === undefined || view.attempt !== attempt) return 'stale';
    this.#leave(message, group);
    this.#serve();
    return 'acked';
  }

  nack(
    { message, group, attempt }: ModelDelivery,
    delayMs = 0,
  ): 'nacked' | 'buried' | 'stale' | 'not-found' {
    const view = this.messages.includes(message) ? message.views.get(group) : undefined;
    if (view === undefined) return 'not-found';
    if (view.leaseUntilMs === undefined || view.attempt !== attempt) return 'stale';
    const buried = this.#fail(message, group, delayMs);
    this.#serve();
    return buried ? 'buried' : 'nacked';
  }

  extend(
    { message, group, attempt }: ModelDelivery,
    ms: number,
  ): 'extended' | 'stale' | 'not-found' {
    const view = this.messages.includes(message) ? message.views.get(group) : undefined;
    if (view === undefined) return 'not-found';
    if (view.leaseUntilMs === undefined || view.attempt !== attempt) return 'stale';
    view.leaseUntilMs = this.nowMs + ms;
    return 'extended';
  }

  giveBack({ message, group, attempt }: ModelDelivery): void {
    const view = this.messages.includes(message) ? message.views.get(group) : undefined;
    if (view?.leaseUntilMs === undefined || view.attempt !== attempt) return;
    view.deliveries -= 1;
    this.#rest(message, group, 0);
    this.#serve();
  }

  purge(queue: string): void {
    this.messages = this.messages.filter((message) => message.queue !== queue);
  }

  redrive(queue: string): void {
    for (const message of this.messages.filter((one) => one.queue === queue)) {
      const origin = this.#origin.get(message.id);
      if (origin === undefined) continue;
      if (!this.groupsOf(origin.queue).includes(origin.group)) continue;
      if ([...message.views.values()].some((view) => view.leaseUntilMs !== undefined)) continue;
      this.messages = this.messages.filter((one) => one !== message);
      const { value, key, priority } = message;
      const copy = {
        value,
        priority,
        notBeforeMs: this.nowMs,
        key,
      };
      this.#add(origin.queue, copy, [origin.group]);
    }
    this.#serve();
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.#seen = this.#seen.filter(({ untilMs }) => untilMs > this.nowMs);
    this.waits = this.waits.filter(({ id, untilMs }) => {
      if (untilMs > this.nowMs) return true;
      this.#ends.set(id, { kind: 'timeout' });
      return false;
    });
    const due = this.messages.flatMap((message) => [
      { message, group: undefined, dueAtMs: message.expiresAtMs, rank: -1 },
      ...[...message.views].map(([group, view]) => ({
        message,
        group,
        dueAtMs: view.leaseUntilMs ?? Infinity,
        rank: this.groupsOf(message.queue).indexOf(group),
      })),
    ]);
    due
      .filter(({ dueAtMs }) => dueAtMs <= this.nowMs)
      .sort((a, b) => a.dueAtMs - b.dueAtMs || a.rank - b.rank || a.message.id - b.message.id)
      .forEach(({ message, group }) => {
        if (group !== undefined) {
          if (message.views.has(group)) this.#fail(message, group, 0);
          return;
        }
        for (const [name, view] of [...message.views]) {
          if (view.leaseUntilMs === undefined) this.#leave(message, name);
        }
      });
    this.#serve();
  }

  depth(queue: string, group: string): number {
    return this.messages.filter((one) => one.queue === queue && one.views.has(group)).length;
  }

  #add(
    queue: string,
    content: Content & { readonly notBeforeMs: number },
    groups: readonly string[],
  ): ModelMessage {
    this.#lastId += 1;
    const { value, key, priority = 0, notBeforeMs, ttlMs = Infinity } = content;
    const fresh = (): View => ({
      notBeforeMs,
      deliveries: 0,
      attempt: 0,
      leaseUntilMs: undefined,
      unconfirmedAt: undefined,
    });
    const message: ModelMessage = {
      id: this.#lastId,
      queue,
      value,
      key,
      priority,
      expiresAtMs: this.nowMs + ttlMs,
      views: new Map(groups.map((group) => [group, fresh()])),
    };
    this.messages.push(message);
    return message;
  }

  #take({ queue, group, max }: ModelRequest, node: string): readonly ModelDelivery[] {
    const taken: ModelDelivery[] = [];
    while (taken.length < max) {
      const [next] = this.#deliverable(queue, group);
      if (next === undefined) break;
      const view = next.views.get(group)!;
      view.deliveries += 1;
      view.attempt += 1;
      view.leaseUntilMs = this.nowMs + this.#options.visibilityMs;
      view.unconfirmedAt = node;
      const { attempt, deliveries } = view;
      taken.push({ message: next, group, attempt, deliveries });
    }
    return taken;
  }

  /** The heads of their keys that nobody holds and that rest no more: by priority, then by age. */
  #deliverable(queue: string, group: string): readonly ModelMessage[] {
    const pending = this.messages.filter((one) => one.queue === queue && one.views.has(group));
    return pending
      .filter((one) => one.key === undefined || one === pending.find(({ key }) => key === one.key))
      .filter((one) => one.views.get(group)!.leaseUntilMs === undefined)
      .filter((one) => one.views.get(group)!.notBeforeMs <= this.nowMs)
      .sort((a, b) => b.priority - a.priority || a.id - b.id);
  }

  #fail(message: ModelMessage, group: string, delayMs: number): boolean {
    const dead = `${message.queue}.dlq`;
    const isLetter = message.queue.endsWith('.dlq');
    if (!isLetter && message.views.get(group)!.deliveries >= this.#options.maxDeliveries) {
      this.#leave(message, group);
      const { value, key, priority } = message;
      const copy = {
        value,
        priority,
        notBeforeMs: this.nowMs,
        key,
      };
      const letter = this.#add(dead, copy, this.groupsOf(dead));
      this.#origin.set(letter.id, { queue: message.queue, group });
      return true;
    }
    this.#rest(message, group, delayMs);
    return false;
  }

  #rest(message: ModelMessage, group: string, delayMs: number): void {
    if (message.expiresAtMs <= this.nowMs) {
      this.#leave(message, group);
      return;
    }
    const view = message.views.get(group)!;
    view.leaseUntilMs = undefined;
    view.notBeforeMs = this.nowMs + delayMs;
  }

  #leave(message: ModelMessage, group: string): void {
    message.views.delete(group);
    if (message.views.size === 0) this.messages = this.messages.filter((one) => one !== message);
  }

  #serve(): void {
    for (const wait of [...this.waits]) {
      const deliveries = this.#take(wait, wait.node);
      if (deliveries.length === 0) continue;
      this.#ends.set(wait.id, { kind: 'given', deliveries });
      this.waits = this.waits.filter((one) => one !== wait);
      this.served.push({ wait: wait.id, deliveries });
    }
  }
}
