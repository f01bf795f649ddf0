import type { StorageFailure } from './log-store.ts';
import type { OnStorageReport } from './reports.ts';

/**
 * Whether the store may still be believed. After a failed sync the kernel may have thrown the dirty
 * pages away and call the next sync a success, so there is no way back but a new process that reads
 * what is really there.
 */
export class Health {
  broken: StorageFailure | undefined;
  private readonly report: OnStorageReport;

  constructor(report: OnStorageReport) {
    this.report = report;
  }

  break(what: string, failure: Error): StorageFailure {
    if (this.broken === undefined) {
      const detail = `${what}: ${failure.message}; what is stored is unknown`;
      this.broken = { kind: 'broken', detail };
      this.report({ kind: 'broken', detail });
    }
    return this.broken;
  }
}

/** The answer to whoever writes to a store that was closed: nothing is known to be durable. */
export const closedStore: StorageFailure = { kind: 'broken', detail: 'the store is closed' };
