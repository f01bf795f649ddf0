import type { WaitId } from './ids.ts';
import type { Mode } from './modes.ts';
import { holdersInTheWay, placesInTheWay } from './standing.ts';
import type { LockState } from './state.ts';
import { isCovered } from './waiters-on.ts';

/** Who waits for whom, for people and their tools. */
export interface WaitGraph {
  readonly edges: readonly WaitEdge[];
  /** There are more edges than were asked for. */
  readonly more: boolean;
}

export interface WaitEdge {
  readonly wait: WaitId;
  readonly client: string;
  readonly key: string;
  readonly mode: Mode;
  readonly waitsFor: string;
  /** It holds the key, or it stands ahead in line. */
  readonly because: 'holder' | 'ahead-in-line';
}

export function drawWaitGraph(state: LockState, edgesMax: number): WaitGraph {
  const edges: WaitEdge[] = [];
  for (const wait of state.waits.values()) {
    for (const place of wait.places) {
      if (!place.standing || isCovered(place)) continue;
      const edge = { wait: wait.id, client: wait.client.id, key: place.lock.key, mode: place.mode };
      const holders = holdersInTheWay(place);
      for (const { id } of holders) edges.push({ ...edge, waitsFor: id, because: 'holder' });
      for (const { wait: other } of placesInTheWay(place)) {
        // One edge says it all where the same client also holds.
        if (holders.includes(other.client)) continue;
        edges.push({ ...edge, waitsFor: other.client.id, because: 'ahead-in-line' });
      }
      if (edges.length > edgesMax) return { edges: edges.slice(0, edgesMax), more: true };
    }
  }
  return { edges, more: false };
}
