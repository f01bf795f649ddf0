export { commandCodec } from './command-codec.ts';
export type {
  AcquireCommand,
  CancelCommand,
  ConvertCommand,
  DeleteKeyCommand,
  KeyMode,
  LeaveCommand,
  LockCommand,
  ReleaseCommand,
  RenewCommand,
  ReserveKeyCommand,
  TicketCommand,
} from './commands.ts';
export type { Caller, LockEvent } from './events.ts';
export { fencingToken, waitId, type FencingToken, type WaitId } from './ids.ts';
export { lockLimits, type LockLimits } from './limits.ts';
export { LockTable } from './lock-table.ts';
export { areCompatible, covers, modes, weakestCovering, type Mode } from './modes.ts';
export type {
  Algorithm,
  Conflict,
  CycleStep,
  HeldKey,
  Holder,
  LockReply,
  Overload,
} from './replies.ts';
export { replyCodec } from './reply-codec.ts';
export type { LockView, Outlook, TableCounts, Verdict, Waiter } from './views.ts';
export type { WaitEdge, WaitGraph } from './wait-graph.ts';
