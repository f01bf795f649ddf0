import { IntervalWindow } from './interval-window.ts';

/**
 * Is that node alive? An accrual detector (Hayashibara et al., 2004) learns how regularly a peer's
 * heartbeats arrive and turns its silence into a number, φ: 1 means "one in ten live peers would be
 * this late", 8 "one in a hundred million". So a jittery link is given more time than a quiet one.
 * A plain deadline stands beside it, because statistics must not keep a silent peer alive for ever.
 *
 * Every time is an input, in milliseconds of one monotonic clock: that of the observing node.
 */
export type PeerState = 'alive' | 'suspect' | 'dead';

export interface FailureDetectorOptions {
  /** How often the peer promises to be heard. Never less is expected of it, however fast it talks. */
  readonly heartbeatIntervalMs: number;
  /** Silence after which the peer is dead, whatever φ says. */
  readonly deadlineMs: number;
  /** φ at which an alive peer becomes suspect. */
  readonly suspectPhi: number;
  /** Heartbeats in a row, none of them late, that make a suspect peer alive again. */
  readonly recoveryHeartbeats: number;
  /** A floor for the deviation: a perfectly regular peer may still be late by a scheduling delay. */
  readonly deviationMinMs: number;
  /** Intervals remembered. */
  readonly windowSize: number;
}

export const defaultFailureDetectorOptions: FailureDetectorOptions = {
  heartbeatIntervalMs: 100,
  deadlineMs: 2_000,
  suspectPhi: 8,
  recoveryHeartbeats: 3,
  deviationMinMs: 25,
  windowSize: 100,
};

/** Beyond this φ says nothing more, and a gauge that explodes hides every other peer's curve. */
export const phiMax = 100;

export class FailureDetector {
  readonly #options: FailureDetectorOptions;
  readonly #window: IntervalWindow;
  #state: PeerState = 'suspect';
  /** When the peer was last heard; until it was, when we began to listen. */
  #heardMs: number;
  #everHeard = false;
  #timelyHeartbeats = 0;

  /** A peer that was never heard is suspect, and dead once the deadline has passed. */
  constructor(startMs: number, options: Partial<FailureDetectorOptions> = {}) {
    this.#options = { ...defaultFailureDetectorOptions, ...options };
    assertOptions(this.#options);
    this.#window = new IntervalWindow(this.#options.windowSize);
    this.#heardMs = startMs;
  }

  /** The peer was heard: a heartbeat, or any other message that only a live peer sends. */
  heartbeat(nowMs: number): PeerState {
    // Silence that nobody asked about counts too, so look before the heartbeat ends it.
    this.check(nowMs);
    const intervalMs = nowMs - this.#heardMs;
    if (intervalMs < 0) {
      return this.#state;
    }
    // A silence past the deadline tells how long the peer was gone, not how regular it is when
    // here; as a sample it would make the next death look normal.
    if (this.#everHeard && intervalMs < this.#options.deadlineMs) {
      this.#window.add(intervalMs);
    }
    this.#everHeard = true;
    this.#heardMs = nowMs;
    if (this.#state !== 'alive') {
      this.#timelyHeartbeats += 1;
      this.#state =
        this.#timelyHeartbeats >= this.#options.recoveryHeartbeats ? 'alive' : 'suspect';
    }
    return this.#state;
  }

  /** What silence until `nowMs` makes of the peer. Silence only ever makes it worse. */
  check(nowMs: number): PeerState {
    if (nowMs - this.#heardMs >= this.#options.deadlineMs) {
      this.#state = 'dead';
      this.#timelyHeartbeats = 0;
    } else if (this.#state !== 'dead' && this.phi(nowMs) >= this.#options.suspectPhi) {
      this.#state = 'suspect';
      this.#timelyHeartbeats = 0;
    }
    return this.#state;
  }

  /** The state as of the last `heartbeat` or `check`. */
  get state(): PeerState {
    return this.#state;
  }

  /**
   * −log₁₀ of the probability that a live peer would be silent for so long, were its intervals
   * normally distributed; by the logistic approximation of the normal distribution, written as
   * log₁₀(1 + eᶻ), which neither underflows nor loses the small values.
   */
  phi(nowMs: number): number {
    const { heartbeatIntervalMs, deviationMinMs } = this.#options;
    const meanMs = Math.max(heartbeatIntervalMs, this.#window.meanMs);
    const deviationMs = Math.max(deviationMinMs, this.#window.deviationMs);
    const y = (Math.max(0, nowMs - this.#heardMs) - meanMs) / deviationMs;
    const z = y * (1.5976 + 0.070566 * y * y);
    const phi = (z > 30 ? z : Math.log1p(Math.exp(z))) / Math.LN10;
    return Math.min(phi, phiMax);
  }

  /**
   * The observer itself stood still for `pauseMs` (a stalled event loop, a suspended process) and
   * could not have heard anybody: that time is not held against the peer.
   */
  excuse(pauseMs: number): void {
    this.#heardMs += pauseMs;
  }
}

function assertOptions(options: FailureDetectorOptions): void {
  for (const [name, value] of Object.entries(options) as [string, number][]) {
    if (!(value > 0 && Number.isFinite(value))) {
      throw new RangeError(`${name} must be a positive number, not ${value}`);
    }
  }
  if (!Number.isSafeInteger(options.windowSize)) {
    throw new RangeError(`windowSize must be an integer, not ${options.windowSize}`);
  }
  if (options.deadlineMs <= options.heartbeatIntervalMs) {
    throw new RangeError('deadlineMs must be longer than heartbeatIntervalMs');
  }
}
