import type { Office } from '../core/effects.ts';
import type { RaftObserver } from './observer.ts';

/** Measures elections: from losing a leader, or starting without one, to knowing the next. */
export class ElectionWatch {
  readonly #observer: RaftObserver | undefined;
  #office: Office;
  #leaderlessSinceMs: number | undefined;

  constructor(observer: RaftObserver | undefined, start: { office: Office; nowMs: number }) {
    this.#observer = observer;
    this.#office = start.office;
    this.#leaderlessSinceMs = start.nowMs;
  }

  officeChanged(office: Office, nowMs: number): void {
    const before = this.#office;
    this.#office = office;
    const { role, leader, term } = office;
    if (role === 'candidate' && (before.role !== 'candidate' || before.term !== term)) {
      this.#observer?.campaigned?.(term);
    }
    if (leader === undefined) {
      this.#leaderlessSinceMs ??= nowMs;
    } else if (before.leader !== leader || before.term !== term) {
      const durationMs = nowMs - (this.#leaderlessSinceMs ?? nowMs);
      this.#observer?.leaderElected?.({ leader, term, durationMs });
      this.#leaderlessSinceMs = undefined;
    }
  }
}
