/** One durable batch: what a histogram of sync times and batch sizes is made of. */
export interface SyncReport {
  readonly durationMs: number;
  readonly bytes: number;
  readonly writes: number;
}
