import { forfeitLease } from './granted-leases.ts';
import type { NodeId } from './ids.ts';
import type { Leadership } from './leadership.ts';
import { isVoter } from './membership.ts';
import { post } from './outbox.ts';
import type { Progress } from './progress.ts';
import type { State } from './state.ts';

/**
 * Leadership transfer (§3.10 of the dissertation): stop taking proposals, bring the successor up to
 * date, tell it to stand at once. If nothing comes of it within an election timeout, go on leading.
 */
export function beginTransfer(state: State, leadership: Leadership, to: NodeId | undefined): void {
  const successor = to ?? mostCaughtUp(state, leadership);
  if (successor === undefined || successor === state.id) return;
  if (!isVoter(state.log.membership, successor) || !leadership.byId.has(successor)) return;
  leadership.transfer = {
    to: successor,
    deadlineMs: state.awakeMs + state.timing.electionTimeoutMaxMs,
    toldAtMs: undefined,
  };
  leadership.dirty = true;
  tellSuccessor(state, leadership);
}

function mostCaughtUp(state: State, leadership: Leadership): NodeId | undefined {
  let best: Progress | undefined;
  for (const peer of leadership.peers) {
    if (!isVoter(state.log.membership, peer.id)) continue;
    if (state.awakeMs - peer.heardMs > state.timing.electionTimeoutMinMs) continue;
    if (best === undefined || peer.match > best.match) best = peer;
  }
  return best?.id;
}

/** The go-ahead may be lost, so it is repeated; a successor that stood already is in a later term. */
export function tellSuccessor(state: State, leadership: Leadership): void {
  const { transfer } = leadership;
  if (transfer === undefined) return;
  const repeatMs = state.timing.heartbeatIntervalMs;
  if (transfer.toldAtMs !== undefined && state.awakeMs - transfer.toldAtMs < repeatMs) return;
  if (leadership.byId.get(transfer.to)?.match !== state.log.lastIndex) return;
  transfer.toldAtMs = state.awakeMs;
  // Stickiness will not hold the others back from this election, so nothing may rest on it any more.
  forfeitLease(state, leadership);
  post(state.outbox, transfer.to, { kind: 'timeout-now', term: state.term });
}

export function tickTransfer(state: State, leadership: Leadership): void {
  const { transfer } = leadership;
  if (transfer !== undefined) {
    if (state.awakeMs < transfer.deadlineMs) tellSuccessor(state, leadership);
    else leadership.transfer = undefined;
  } else if (state.storageFull && state.awakeMs >= leadership.handOverDueMs) {
    // Somebody else may have room; if it has not, the next try is a while away.
    leadership.handOverDueMs = state.awakeMs + 4 * state.timing.electionTimeoutMaxMs;
    beginTransfer(state, leadership, undefined);
  }
}
