import type { PeerProgress } from './core.ts';
import { mayServe } from './granted-leases.ts';
import { indexZero } from './ids.ts';
import type { State } from './state.ts';

/** For status and metrics: what a leader knows of everyone, and a follower of its leader. */
export function reportProgress(state: State, nowMs: number): readonly PeerProgress[] {
  const { leadership, leader } = state;
  if (leadership !== undefined) {
    return leadership.peers.map((peer) => ({
      id: peer.id,
      match: peer.match,
      state: peer.state,
      lastHeardMs: peer.heardAtMs,
      mayServeLocally: mayServe(peer, nowMs),
    }));
  }
  if (leader === undefined) return [];
  return [
    {
      id: leader,
      match: indexZero,
      state: 'probe',
      lastHeardMs: state.timer.leaderHeardAtMs,
      mayServeLocally: false,
    },
  ];
}
