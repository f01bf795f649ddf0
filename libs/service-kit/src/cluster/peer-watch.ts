import { FailureDetector } from '@quorate/failure-detector';

export type Liveness = 'alive' | 'suspect' | 'dead';

/**
 * What this node thinks of its peers. A link says when something arrived; once an interval that counts
 * as one heartbeat, so that a busy link does not teach the detector to expect thousands a second.
 */
export class PeerWatch {
  readonly #detectors: ReadonlyMap<string, FailureDetector>;
  readonly #lastHeardMs = new Map<string, number>();
  readonly #heard = new Set<string>();
  readonly #nowMs: () => number;

  constructor(
    peers: readonly string[],
    options: { readonly nowMs: () => number; readonly heartbeatIntervalMs: number },
  ) {
    const { nowMs, heartbeatIntervalMs } = options;
    this.#nowMs = nowMs;
    this.#detectors = new Map(
      peers.map((peer) => [peer, new FailureDetector(nowMs(), { heartbeatIntervalMs })]),
    );
  }

  hear(peer: string): void {
    this.#heard.add(peer);
  }

  /** To be called every heartbeat interval. */
  beat(): void {
    const nowMs = this.#nowMs();
    for (const peer of this.#heard) {
      this.#detectors.get(peer)?.heartbeat(nowMs);
      this.#lastHeardMs.set(peer, nowMs);
    }
    this.#heard.clear();
  }

  liveness(peer: string): Liveness | 'unknown' {
    return this.#detectors.get(peer)?.check(this.#nowMs()) ?? 'unknown';
  }

  phi(peer: string): number {
    return this.#detectors.get(peer)?.phi(this.#nowMs()) ?? 0;
  }

  silenceMs(peer: string): number | undefined {
    const heardMs = this.#lastHeardMs.get(peer);
    return heardMs === undefined ? undefined : Math.round(this.#nowMs() - heardMs);
  }
}
