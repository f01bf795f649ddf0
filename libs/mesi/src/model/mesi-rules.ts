/** Each guard is one rule of the line protocol; a model without it must find what it prevents. */
export interface MesiGuards {
  /** Lines go when an entry is appended, not when it is applied. */
  readonly invalidatesAtAppend: boolean;
  /** A value becomes a line only if nothing newer of its key is in the log, applied or not. */
  readonly fillSeesLog: boolean;
  /** A line given below a foreign read that is in the log already is given as S. */
  readonly grantSeesReads: boolean;
  /** An entry that is appended cancels the fills of its key that are under way. */
  readonly appendCancelsFill: boolean;
  /** A snapshot that replaces the log takes the lines with it … */
  readonly snapshotDropsLines: boolean;
  /** … and the fills under way. */
  readonly snapshotCancelsFills: boolean;
  /** Writes, and reads through the log, are answered once settled, not once committed. */
  readonly answerWaitsUntilSettled: boolean;
  /** A hit waits until what gave it its line is settled. */
  readonly hitWaitsUntilSettled: boolean;
  /** An answer waits until the version it shows is settled, not only the index that asked. */
  readonly answerCoversVersionShown: boolean;
  /** What the other model proves: who serves hits has all that is settled in its log. */
  readonly leaseImpliesSettledLog: boolean;
  /** Only settled versions are written to memory. */
  readonly flushesSettledOnly: boolean;
  /** A new leader flushes only once it has applied all that it was elected with. */
  readonly leaderAppliesBeforeFlushing: boolean;
  /** Memory refuses writes of a term older than the newest it has seen. */
  readonly flushFencedByTerm: boolean;
  /** A leader has one write per key under way; it does not send another before it knows the outcome. */
  readonly oneFlushPerKey: boolean;
  /** Memory refuses a version older than the one it has. */
  readonly flushFencedByVersion: boolean;
  /** A Flush entry makes clean only the version it names. */
  readonly flushNamesVersion: boolean;
  /** A drop stays in the dirty table, as a tombstone, until memory has dropped the key. */
  readonly dropLeavesTombstone: boolean;
}

export const allMesiGuards: MesiGuards = {
  invalidatesAtAppend: true,
  fillSeesLog: true,
  grantSeesReads: true,
  appendCancelsFill: true,
  snapshotDropsLines: true,
  snapshotCancelsFills: true,
  answerWaitsUntilSettled: true,
  hitWaitsUntilSettled: true,
  answerCoversVersionShown: true,
  leaseImpliesSettledLog: true,
  flushesSettledOnly: true,
  leaderAppliesBeforeFlushing: true,
  flushFencedByTerm: true,
  oneFlushPerKey: true,
  flushFencedByVersion: true,
  flushNamesVersion: true,
  dropLeavesTombstone: true,
};

export interface MesiBounds {
  readonly keys: number;
  /** Entries in the log, with those that it starts with: one write per key, perhaps flushed. */
  readonly entriesMax: number;
  readonly termsMax: number;
  readonly restartsMax: number;
  /** Whether memory has caught up with the first writes when the exploration starts. */
  readonly cleanAtStart: boolean;
  /** Whether there are drops, memory, snapshots: each multiplies the states. */
  readonly drops: boolean;
  readonly memory: boolean;
  readonly snapshots: boolean;
  /** The nodes that keep lines and read, one bit each; all write. */
  readonly holders: number;
}

export const defaultMesiBounds: MesiBounds = {
  keys: 1,
  entriesMax: 4,
  termsMax: 1,
  restartsMax: 0,
  cleanAtStart: false,
  drops: false,
  memory: false,
  snapshots: false,
  holders: 0b111,
};
