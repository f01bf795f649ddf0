import { overlaps } from '@quorate/testkit';
import type { Check, Held, Inflicted } from '@quorate/testkit';

/** What a producer wanted, and what it was told. */
export interface Published {
  readonly id: string;
  readonly queue: string;
  readonly key: string | undefined;
  readonly sentMs: number;
  /** `unknown`: an attempt may have taken effect; it may turn up, once. */
  result: 'acknowledged' | 'unknown' | 'refused';
}

export interface Delivery {
  readonly id: string;
  readonly queue: string;
  readonly msgId: string;
  readonly receipt: string;
  readonly node: string;
  readonly sentMs: number;
  readonly receivedMs: number;
  /** The lease certainly lasts until then: the request was sent before it began. */
  leaseUntilMs: number;
  /** When the consumer asked to ack or nack it; from then on it claims nothing. */
  settledMs: number | undefined;
  ackAskedMs: number | undefined;
  /** When it was told that it is acked, for ever. */
  ackedMs: number | undefined;
}

/** Queues in which a message may end otherwise than by an ack. */
export interface Exemptions {
  readonly mortal: string;
  readonly purged: string;
  readonly poison: string;
  readonly deadLetters: string;
}

/** How long after its answer a delivery may still be unconfirmed, should its node then be lost. */
const confirmedWithinMs = 1_500;
const faultsLastMs = 20_000;

/** Everything that producers and consumers did and saw, and what follows from it. */
export class Ledger {
  readonly published = new Map<string, Published>();
  readonly deliveries: Delivery[] = [];
  /** Published to stay until acked, and not acked yet: what producers look at to slow down. */
  readonly outstanding = new Set<string>();
  readonly purges: { readonly doneMs: number }[] = [];
  private readonly faults: { readonly nodes: readonly string[]; readonly atMs: number }[] = [];
  private readonly exempt: Exemptions;

  constructor(exempt: Exemptions) {
    this.exempt = exempt;
  }

  faulted({ nodes }: Inflicted, atMs: number): void {
    this.faults.push({ nodes, atMs });
  }

  judge(): readonly Check[] {
    const byId = group(this.deliveries, ({ id }) => id);
    return [
      this.nothingLost(byId),
      this.nothingUnexpected(byId),
      this.nothingTwice(byId),
      this.ackedIsGone(),
      this.orderOfKeys(byId),
      this.oneReceipt(),
    ];
  }

  private nothingLost(byId: ReadonlyMap<string, readonly Delivery[]>): Check {
    const counts = { acked: 0, inDoubt: 0, deadLettered: 0, expired: 0, purged: 0 };
    const lost: string[] = [];
    let acknowledged = 0;
    for (const message of this.published.values()) {
      if (message.result !== 'acknowledged') continue;
      acknowledged += 1;
      const seen = byId.get(message.id) ?? [];
      if (seen.some(({ queue }) => queue === this.exempt.deadLetters)) counts.deadLettered += 1;
      else if (seen.some(({ ackedMs }) => ackedMs !== undefined)) counts.acked += 1;
      else if (seen.some(({ ackAskedMs }) => ackAskedMs !== undefined)) counts.inDoubt += 1;
      else if (message.queue === this.exempt.mortal) counts.expired += 1;
      else if (this.mayBePurged(message)) counts.purged += 1;
      else lost.push(`${message.id} of ${message.queue}, delivered ${seen.length} times`);
    }
    return {
      name: 'nothing acknowledged is lost: acked, dead-lettered, expired and purged make up all',
      says:
        `${acknowledged} published = ${counts.acked} acked + ${counts.inDoubt} acked in doubt + ` +
        `${counts.deadLettered} dead letters + ${counts.expired} expired + ${counts.purged} purged + ${lost.length} lost`,
      violations: lost,
    };
  }

  private mayBePurged({ queue, sentMs }: Published): boolean {
    return queue === this.exempt.purged && this.purges.some(({ doneMs }) => sentMs < doneMs);
  }

  private nothingUnexpected(byId: ReadonlyMap<string, readonly Delivery[]>): Check {
    const results = [...byId.keys()].map((id) => ({ id, result: this.published.get(id)?.result }));
    const unexpected = results.filter(({ result }) => result === undefined || result === 'refused');
    const recovered = results.filter(({ result }) => result === 'unknown').length;
    const inDoubt = [...this.published.values()].filter(({ result }) => result === 'unknown');
    return {
      name: 'nothing unexpected is delivered',
      says: `${recovered} of ${inDoubt.length} in doubt were recovered`,
      violations: unexpected.map(({ id, result }) => `${id} (${result ?? 'never published'})`),
    };
  }

  private nothingTwice(byId: ReadonlyMap<string, readonly Delivery[]>): Check {
    const twice: string[] = [];
    let again = 0;
    for (const [id, deliveries] of byId) {
      again += deliveries.length - 1;
      const own = deliveries.filter(({ queue }) => queue !== this.exempt.deadLetters);
      const msgIds = new Set(own.map(({ msgId }) => msgId));
      if (msgIds.size > 1) twice.push(`${id} as ${[...msgIds].join(' and ')}`);
    }
    return {
      name: 'no enqueue takes effect twice, however often it is repeated',
      says: `${this.deliveries.length} deliveries, ${again} of them again (after nack, expiry or a lost answer)`,
      violations: twice,
    };
  }

  private ackedIsGone(): Check {
    const ackedAt = new Map<string, number>();
    for (const { msgId, ackedMs } of this.deliveries) {
      if (ackedMs !== undefined)
        ackedAt.set(msgId, Math.min(ackedMs, ackedAt.get(msgId) ?? ackedMs));
    }
    const again = this.deliveries.filter(
      ({ msgId, sentMs }) => sentMs > (ackedAt.get(msgId) ?? Infinity),
    );
    return {
      name: 'what is acked never comes again',
      says: `${ackedAt.size} acked`,
      violations: again.map(({ id, node }) => `${id} by ${node}`),
    };
  }

  /** Strictly: while one of a key may be out, none after it is given. */
  private orderOfKeys(byId: ReadonlyMap<string, readonly Delivery[]>): Check {
    const { mortal, purged, poison } = this.exempt;
    const strict = [...this.published.values()].filter(
      ({ queue, key, result }) =>
        key !== undefined && result === 'acknowledged' && ![mortal, purged, poison].includes(queue),
    );
    const violations: string[] = [];
    const keys = group(strict, ({ queue, key }) => `${queue}/${key ?? ''}`);
    for (const [key, messages] of keys) {
      messages.sort((one, other) => one.sentMs - other.sentMs);
      let lastSeenMs = -Infinity;
      let earlier: Delivery[] | undefined;
      for (const { id } of messages) {
        const deliveries = [...(byId.get(id) ?? [])];
        const firstMs = Math.min(...deliveries.map(({ receivedMs }) => receivedMs));
        if (firstMs < lastSeenMs)
          violations.push(`${key}: ${id} was seen before the one before it`);
        const ackMs = Math.min(...(earlier ?? []).map(({ ackAskedMs }) => ackAskedMs ?? Infinity));
        if (earlier !== undefined && ackMs > firstMs) {
          violations.push(`${key}: ${id} was given while the one before it was not acked`);
        }
        lastSeenMs = firstMs;
        earlier = deliveries;
      }
    }
    return {
      name: 'messages of a key are first delivered in their order, one at a time',
      says: `${keys.size} keys, ${strict.length} messages`,
      violations,
    };
  }

  private oneReceipt(): Check {
    const leases: Held<Delivery>[] = this.deliveries.map((delivery) => ({
      key: delivery.msgId,
      fromMs: delivery.receivedMs,
      toMs: Math.min(delivery.leaseUntilMs, delivery.settledMs ?? Infinity),
      what: delivery,
    }));
    const both = overlaps(
      leases,
      ({ what: one }, { what: other }) => one.receipt !== other.receipt,
    );
    const unexcused = both.filter(([{ what }]) => !this.lostItsNode(what));
    return {
      name: 'no message has two live receipts',
      says: `${leases.length} leases compared; ${both.length - unexcused.length} taken back with a node lost before it had confirmed`,
      violations: unexcused.map(
        ([{ what: one }, { what: other }]) =>
          `${one.id} by ${one.node} at ${one.receivedMs.toFixed(0)} and by ${other.node} at ${other.receivedMs.toFixed(0)}`,
      ),
    };
  }

  /** By design: a lease that its node had not confirmed when it was lost goes back, its receipt stale. */
  private lostItsNode({ node, receivedMs }: Delivery): boolean {
    return this.faults.some(
      ({ nodes, atMs }) =>
        nodes.includes(node) &&
        atMs <= receivedMs + confirmedWithinMs &&
        atMs >= receivedMs - faultsLastMs,
    );
  }
}

function group<T>(items: Iterable<T>, name: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const known = groups.get(name(item));
    if (known === undefined) groups.set(name(item), [item]);
    else known.push(item);
  }
  return groups;
}
