import type { StorageFailure } from '../log-store.ts';
import type { OnStorageReport } from '../reports.ts';

export interface RedisRoomOptions {
  /** Whether Redis takes a write that grows it, tried out. */
  readonly probe: () => Promise<boolean>;
  readonly checkIntervalMs: number;
  readonly setTimer: (run: () => void, delayMs: number) => () => void;
  readonly report: OnStorageReport;
}

/** Whether Redis refuses writes for now (no memory, a failed save), and looking until it does not. */
export class RedisRoom {
  full = false;
  refusal: StorageFailure = { kind: 'full', detail: 'Redis refuses writes' };
  private readonly options: RedisRoomOptions;
  private cancelCheck: (() => void) | undefined;
  private closed = false;

  constructor(options: RedisRoomOptions) {
    this.options = options;
  }

  turnFull(detail: string): void {
    if (this.full || this.closed) return;
    this.full = true;
    this.refusal = { kind: 'full', detail };
    this.options.report({ kind: 'full', detail });
    this.checkLater();
  }

  close(): void {
    this.closed = true;
    this.cancelCheck?.();
  }

  private checkLater(): void {
    if (this.closed) return;
    const { setTimer, checkIntervalMs } = this.options;
    this.cancelCheck = setTimer(() => void this.check(), checkIntervalMs);
  }

  private async check(): Promise<void> {
    if (!(await this.options.probe())) {
      this.checkLater();
      return;
    }
    this.full = false;
    this.options.report({ kind: 'room-again' });
  }
}
