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
}

interface ModelWait {
  readonly id: number;
  readonly queue: string;
  readonly group: string;
  readonly max: number;
  readonly untilMs: number;
}

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
  readonly groups: Readonly<Record<string, readonly string[]>>;
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
  readonly #origin = new Map<number, { queue: string; group: string }>();

  constructor(options: ModelOptions) {
    this.#options = options;
  }

  groupsOf(queue: string): readonly string[] {
    return this.#options.groups[queue] ?? ['default'];
  }

  enqueue(queue: string, message: Content & { readonly delayMs?: number | undefined }): void {
    const notBeforeMs = this.nowMs + (message.delayMs ?? 0);
    this.#add(queue, { ...message, notBeforeMs }, this.groupsOf(queue));
    this.#serve();
  }

  dequeue(queue: string, group: string, max: number): readonly ModelDelivery[] {
    return this.waits.some((one) => one.queue === queue && one.group === group)
      ? []
      : this.#take(queue, group, max);
  }

  wait(wait: ModelWait): void {
    this.waits.push(wait);
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
    this.waits = this.waits.filter((wait) => wait.untilMs > this.nowMs);
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
    const fresh = (): View => ({ notBeforeMs, deliveries: 0, attempt: 0, leaseUntilMs: undefined });
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

  #take(queue: string, group: string, max: number): readonly ModelDelivery[] {
    const taken: ModelDelivery[] = [];
    while (taken.length < max) {
      const [next] = this.#deliverable(queue, group);
      if (next === undefined) break;
      const view = next.views.get(group)!;
      view.deliveries += 1;
      view.attempt += 1;
      view.leaseUntilMs = this.nowMs + this.#options.visibilityMs;
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
      const deliveries = this.#take(wait.queue, wait.group, wait.max);
      if (deliveries.length === 0) continue;
      this.waits = this.waits.filter((one) => one !== wait);
      this.served.push({ wait: wait.id, deliveries });
    }
  }
}
