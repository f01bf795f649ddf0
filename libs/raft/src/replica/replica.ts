import type { Core } from '../core/core.ts';
import type { NodeId } from '../core/ids.ts';
import type { LogIndex } from '../core/ids.ts';
import type { Group, Outcome, ProposeOptions, ReadOutcome } from './group.ts';
import { ReplicaDriver } from './replica-driver.ts';
import type { ReplicaOptions } from './options.ts';
import type { PeerMessage } from './peer-message.ts';

/**
 * A group as its host and simulations see it: inputs come in by calls, nothing happens by itself, and
 * callbacks take the place of promises. All calls return at once.
 */
export interface Replica<Command, Reply, Event> extends Group<Command, Reply, Event> {
  /** To be called every 10–20 ms. */
  tick(): void;
  receive(from: NodeId, message: PeerMessage): void;
  /** The link to a peer broke; `refused`: and its port refuses us. */
  peerReset(peer: NodeId, refused: boolean): void;

  /** As `propose`; a refusal for lack of room may call back before this returns. */
  proposeWith(
    command: Command,
    options: ProposeOptions,
    callback: (outcome: Outcome<Reply>) => void,
  ): void;
  readBarrierWith(deadlineMs: number, callback: (outcome: ReadOutcome) => void): void;
  whenSettledWith(index: LogIndex, deadlineMs: number, callback: (settled: boolean) => void): void;
  transferWith(
    to: NodeId | undefined,
    deadlineMs: number,
    callback: (handedOver: boolean) => void,
  ): void;

  /** Begins a snapshot now. False: nothing new to write, or one is under way. */
  takeSnapshot(): boolean;
  readonly applied: LogIndex;
  /** To be read, not stepped. */
  readonly core: Core;
  /** As a crash does: from now on nothing of it runs. Callers are not answered. */
  halt(): void;
}

export function createReplica<Command, Reply, Event>(
  options: ReplicaOptions<Command, Reply, Event>,
): Replica<Command, Reply, Event> {
  return new ReplicaDriver(options);
}
