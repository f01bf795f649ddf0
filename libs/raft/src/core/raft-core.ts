import { askLeader, requeueReadsTo, retryReadRequests, sendReadRequest } from './asked-reads.ts';
import { takeCommitted } from './commit.ts';
import { onSnapshotTaken } from './compaction.ts';
import type { Core, PeerProgress } from './core.ts';
import { issueWrite, noteCompleted } from './durability.ts';
import type { Effects, Input, Office, Proposal, ProposeResult } from './effects.ts';
import { countOwnVote, onElectionTimeout, onLeaderGone } from './election.ts';
import type { Entry, Membership, SnapshotMeta } from './entry.ts';
import { flushAppendAnswer } from './follower-log.ts';
import { beginOfferedLease, distrustLeases } from './held-lease.ts';
import type { LogIndex, NodeId } from './ids.ts';
import { onChunkStored } from './incoming-snapshot.ts';
import { initialState } from './initial-state.ts';
import { invariant } from './invariant.ts';
import { tickLeader } from './leader-tick.ts';
import { leaderClockMs } from './leadership.ts';
import { commitAsLeader } from './commit.ts';
import type { CoreOptions } from './options.ts';
import { emptyOutbox, isEmpty } from './outbox.ts';
import { reportProgress } from './peer-report.ts';
import { proposeAll } from './proposals.ts';
import { receive } from './receive.ts';
import { onPeerReset, pump } from './replication.ts';
import { onChunkRead } from './snapshot-sending.ts';
import { advanceTime, type State } from './state.ts';
import { beginTransfer, tickTransfer } from './transfer.ts';

export const createCore = (options: CoreOptions): Core => new RaftCore(options);

const noEntries: readonly Entry[] = [];

/**
 * One node of one group. It owns the state and knows the order in which effects leave; what is done
 * with an input stands in the handlers, one file for each concern.
 */
export class RaftCore implements Core {
  private readonly state: State;

  constructor(options: CoreOptions) {
    this.state = initialState(options);
  }

  step(input: Input): void {
    const { state } = this;
    advanceTime(state, input.nowMs);
    const { leadership } = state;
    switch (input.kind) {
      case 'message':
        receive(state, input.from, input.message);
        return;
      case 'persisted':
        this.onPersisted(input.writeId);
        return;
      case 'tick':
        this.onTick();
        return;
      case 'applied':
        invariant(input.index <= state.handedOut, 'only what was handed out is applied');
        if (input.index > state.applied) state.applied = input.index;
        return;
      case 'read':
        if (leadership === undefined) {
          askLeader(state, input.id);
        } else {
          const { incarnation } = state;
          leadership.readers.push({ from: undefined, id: input.id, incarnation });
          leadership.dirty = true;
        }
        return;
      case 'transfer':
        if (leadership !== undefined) beginTransfer(state, leadership, input.to);
        return;
      case 'snapshot-taken':
        onSnapshotTaken(state, input.meta);
        return;
      case 'chunk-read':
        if (leadership !== undefined) onChunkRead(state, leadership, input);
        return;
      case 'chunk-stored':
        onChunkStored(state, input);
        return;
      case 'peer-reset':
        this.onPeerReset(input.peer, input.refused);
        return;
      case 'storage-full':
        state.storageFull = input.full;
        if (leadership !== undefined) tickTransfer(state, leadership);
        return;
      case 'stood-still':
        distrustLeases(state);
    }
  }

  propose(proposals: readonly Proposal[], nowMs: number): ProposeResult {
    advanceTime(this.state, nowMs);
    return proposeAll(this.state, proposals);
  }

  hasEffects(): boolean {
    const { state } = this;
    return (
      !isEmpty(state.outbox) ||
      state.leadership?.dirty === true ||
      state.askedReads.queued.length > 0 ||
      Math.min(state.commit, state.durability.index) > state.handedOut ||
      this.officeMoved() ||
      state.offeredLeaseUntilMs > state.leaseUntilMs ||
      state.durability.issuedHardState.term !== state.term ||
      state.durability.issuedHardState.vote !== state.vote
    );
  }

  takeEffects(): Effects {
    const { state } = this;
    if (state.leadership === undefined) {
      sendReadRequest(state);
    } else {
      // What is about to be written is what the followers are sent: one array, encoded once.
      if (state.outbox.unwritten.length > 0) state.log.rememberRun(state.outbox.unwritten);
      pump(state, state.leadership);
    }
    flushAppendAnswer(state);
    beginOfferedLease(state);
    const write = issueWrite(state);
    const range = takeCommitted(state);
    const { outbox } = state;
    state.outbox = emptyOutbox();
    return {
      write,
      send: outbox.send,
      committed: range === undefined ? noEntries : state.log.slice(range.from, range.through),
      reads: outbox.reads,
      restore: outbox.restore,
      compact: outbox.compact,
      readChunk: outbox.readChunk,
      storeChunk: outbox.storeChunk,
      office: this.takeOffice(),
    };
  }

  get office(): Office {
    const { role, term, leader } = this.state;
    return { role, term, leader };
  }

  get commit(): LogIndex {
    return this.state.commit;
  }

  get settled(): LogIndex {
    return this.state.settled;
  }

  get lastIndex(): LogIndex {
    return this.state.log.lastIndex;
  }

  get membership(): Membership {
    return this.state.log.membership;
  }

  clockMs(nowMs: number): number {
    const { leadership, log, heardClockMs } = this.state;
    if (leadership !== undefined) return leaderClockMs(this.state, leadership, nowMs);
    return Math.max(log.lastAtMs, heardClockMs);
  }

  mayServeLocally(nowMs: number): boolean {
    const { state } = this;
    return state.localReads !== undefined && nowMs < state.leaseUntilMs;
  }

  entryAt(index: LogIndex): Entry | undefined {
    return this.state.log.entryAt(index);
  }

  snapshotMetaAt(index: LogIndex): SnapshotMeta {
    return this.state.log.metaAt(index);
  }

  progress(nowMs: number): readonly PeerProgress[] {
    return reportProgress(this.state, nowMs);
  }

  private onTick(): void {
    const { state } = this;
    if (state.leadership !== undefined) tickLeader(state, state.leadership);
    else if (state.awakeMs >= state.timer.deadlineMs) onElectionTimeout(state);
    retryReadRequests(state);
  }

  private onPersisted(writeId: number): void {
    const { state } = this;
    if (!noteCompleted(state, writeId)) return;
    if (state.leadership !== undefined) commitAsLeader(state, state.leadership);
    else countOwnVote(state);
  }

  private onPeerReset(peer: NodeId, refused: boolean): void {
    const { state } = this;
    const { leadership } = state;
    const progress = leadership?.byId.get(peer);
    if (leadership !== undefined && progress !== undefined) {
      onPeerReset(state, progress);
      leadership.dirty = true;
    }
    requeueReadsTo(state, peer);
    if (refused) onLeaderGone(state, peer);
  }

  private officeMoved(): boolean {
    const { reportedOffice, role, term, leader } = this.state;
    return (
      reportedOffice.role !== role ||
      reportedOffice.term !== term ||
      reportedOffice.leader !== leader
    );
  }

  private takeOffice(): Office | undefined {
    if (!this.officeMoved()) return undefined;
    this.state.reportedOffice = this.office;
    return this.state.reportedOffice;
  }
}
