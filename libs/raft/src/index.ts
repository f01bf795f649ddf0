export { InvariantViolation, invariant } from './core/invariant.ts';
export { indexZero, logIndex, nodeId, term, termZero } from './core/ids.ts';
export type { LogIndex, NodeId, Term } from './core/ids.ts';
export type {
  DurableState,
  Entry,
  EntryKind,
  HardState,
  Membership,
  SnapshotMeta,
} from './core/entry.ts';
export type { Envelope, LeaseEcho, Message, Stamp } from './core/message.ts';
export type {
  DurableWrite,
  Effects,
  Input,
  Office,
  Proposal,
  ProposeResult,
  ReadReady,
  Role,
} from './core/effects.ts';
export type { CoreOptions, Limits, LocalReads, Timing } from './core/options.ts';
export type {
  Done,
  LogStore,
  ReadDone,
  SnapshotWriter,
  StorageFailure,
} from './storage/log-store.ts';
export { createMemoryLog, openMemoryStore } from './storage/memory/memory-store.ts';
export type { MemoryLog } from './storage/memory/memory-store.ts';
export { keepRedisNote } from './storage/redis/redis-note.ts';
export { openRedisStore } from './storage/redis/redis-store.ts';
export type { RedisStoreOptions } from './storage/redis/redis-store.ts';
export { openFileStore } from './storage/file/file-store.ts';
export type { FileStoreOptions } from './storage/file/file-store.ts';
export type { SyncReport } from './storage/sync-report.ts';
export { StorageRefusal } from './storage/reports.ts';
export type { StorageReport } from './storage/reports.ts';
export type {
  Answer,
  Completion,
  Failure,
  FileSystem,
  OpenFile,
  OpenMode,
} from './storage/file/file-system.ts';
export { emptyHardState, LogImage, mergeHardState } from './storage/log-image.ts';
export { isVoteOnly, WriteGate } from './storage/write-gate.ts';
export type {
  Applied,
  AppliedAt,
  Codec,
  Notice,
  Origin,
  SnapshotSink,
  StateMachine,
} from './replica/state-machine.ts';
export type { Environment } from './replica/environment.ts';
export type { Forward, ForwardAnswer, PeerMessage } from './replica/peer-message.ts';
export { decodeEntries, encodeEntries } from './wire/entries.ts';
export type { Core, PeerProgress } from './core/core.ts';
export type {
  AppendedCommand,
  Group,
  GroupStatus,
  Outcome,
  ProposeOptions,
  ReadOutcome,
  Refusal,
  RequestRef,
} from './replica/group.ts';
export { SnapshotParts } from './state/snapshot-parts.ts';
export { SnapshotTable } from './state/snapshot-table.ts';
export type { SnapshotTableOptions } from './state/snapshot-table.ts';
export { wholePart } from './state/snapshot-part.ts';
export type { SnapshotPart, SnapshotRun } from './state/snapshot-part.ts';
export { createReplica } from './replica/replica.ts';
export type { Replica } from './replica/replica.ts';
export { defaultReplicaLimits } from './replica/options.ts';
export type { ReplicaLimits, ReplicaOptions } from './replica/options.ts';
export type { RaftObserver } from './replica/observer.ts';
export type { RequestTableLimits } from './replica/request-table.ts';
export { createCore } from './core/raft-core.ts';
export { decodeMembership, encodeMembership } from './core/membership.ts';
export { createHost, defaultCoreLimits } from './host/host.ts';
export type { GroupOptions, Host, HostOptions } from './host/host.ts';
export { nextIncarnation } from './host/incarnation.ts';
export { createLinks } from './transport/links.ts';
export type { Links, LinkStatus } from './transport/links.ts';
export type { LinkEvent, LinksOptions, PeerAddress } from './transport/options.ts';
