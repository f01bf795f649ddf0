import type { Generator } from '../random/generator.ts';
import type { VirtualTime } from '../virtual-time/virtual-time.ts';

/** How the network treats messages while nothing in particular is broken. */
export interface NetworkConditions {
  readonly delayMinMs: number;
  /** Mean of the part of the delay that varies; its tail is long. */
  readonly delayMeanMs: number;
  readonly lossProbability: number;
  readonly duplicationProbability: number;
  /** Whether a message may overtake another of the same link. */
  readonly reorders: boolean;
}

export const calmNetwork: NetworkConditions = {
  delayMinMs: 0.1,
  delayMeanMs: 0.5,
  lossProbability: 0,
  duplicationProbability: 0,
  reorders: false,
};

export interface NetworkOptions<M> {
  readonly time: VirtualTime;
  readonly random: Generator;
  readonly conditions: NetworkConditions;
  readonly deliver: (from: string, to: string, message: M) => void;
  /** Messages that a real link promises to deliver at most once are never duplicated. */
  readonly mayDuplicate: (message: M) => boolean;
}

export interface NetworkCounts {
  sent: number;
  lost: number;
  duplicated: number;
  cut: number;
}

interface Link {
  /** A reset begins a new epoch; what was under way in an older one never arrives. */
  epoch: number;
  cut: boolean;
  extraDelayMs: number;
  /** Where order is kept, nothing arrives before this. */
  lastArrivalMs: number;
}

/**
 * A network between named nodes. Each direction of each pair is a link of its own, so that half a
 * connection can be broken, which is where most protocols are surprised.
 */
export class SimulatedNetwork<M> {
  readonly counts: NetworkCounts = { sent: 0, lost: 0, duplicated: 0, cut: 0 };
  private readonly options: NetworkOptions<M>;
  private readonly links = new Map<string, Map<string, Link>>();
  private conditions: NetworkConditions;

  constructor(options: NetworkOptions<M>) {
    this.options = options;
    this.conditions = options.conditions;
  }

  setConditions(conditions: NetworkConditions): void {
    this.conditions = conditions;
  }

  send(from: string, to: string, message: M): void {
    const link = this.link(from, to);
    const { random, mayDuplicate } = this.options;
    this.counts.sent++;
    if (link.cut) {
      this.counts.cut++;
      return;
    }
    if (this.conditions.lossProbability > 0 && random.chance(this.conditions.lossProbability)) {
      this.counts.lost++;
      return;
    }
    this.carry(link, from, to, message);
    const { duplicationProbability } = this.conditions;
    if (
      duplicationProbability > 0 &&
      mayDuplicate(message) &&
      random.chance(duplicationProbability)
    ) {
      this.counts.duplicated++;
      this.carry(link, from, to, message);
    }
  }

  /** From now on nothing goes from `from` to `to`; the other direction is untouched. */
  cut(from: string, to: string): void {
    this.link(from, to).cut = true;
  }

  heal(from: string, to: string): void {
    this.link(from, to).cut = false;
  }

  isCut(from: string, to: string): boolean {
    return this.links.get(from)?.get(to)?.cut ?? false;
  }

  healAll(): void {
    for (const link of this.allLinks()) {
      link.cut = false;
      link.extraDelayMs = 0;
    }
  }

  slow(from: string, to: string, extraDelayMs: number): void {
    this.link(from, to).extraDelayMs = extraDelayMs;
  }

  /** Breaks the connection between two nodes: what is under way in either direction is lost. */
  reset(one: string, other: string): void {
    this.link(one, other).epoch++;
    this.link(other, one).epoch++;
  }

  private carry(link: Link, from: string, to: string, message: M): void {
    const { time, random, deliver } = this.options;
    const { delayMinMs, delayMeanMs, reorders } = this.conditions;
    const delayMs = delayMinMs + random.exponential(delayMeanMs) + link.extraDelayMs;
    let arrivalMs = time.nowMs + delayMs;
    if (!reorders) {
      arrivalMs = Math.max(arrivalMs, link.lastArrivalMs);
      link.lastArrivalMs = arrivalMs;
    }
    const { epoch } = link;
    time.at(arrivalMs, () => {
      if (link.epoch === epoch && !link.cut) deliver(from, to, message);
    });
  }

  private link(from: string, to: string): Link {
    let row = this.links.get(from);
    if (row === undefined) this.links.set(from, (row = new Map<string, Link>()));
    let link = row.get(to);
    if (link === undefined) {
      link = { epoch: 0, cut: false, extraDelayMs: 0, lastArrivalMs: 0 };
      row.set(to, link);
    }
    return link;
  }

  private *allLinks(): Iterable<Link> {
    for (const row of this.links.values()) yield* row.values();
  }
}
