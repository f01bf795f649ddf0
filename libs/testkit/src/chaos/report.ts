import type { FaultKind } from './fault.ts';
import type { Pulse } from './pulse.ts';

/** One thing that must be true, and what speaks against it. */
export interface Check {
  readonly name: string;
  /** What was counted, or the checker's verdict. */
  readonly says: string;
  readonly violations: readonly string[];
}

export interface Episode {
  readonly kind: FaultKind;
  readonly told: string;
  readonly fromMs: number;
  readonly healedMs: number;
}

export interface GapsOfKind {
  readonly kind: FaultKind;
  readonly count: number;
  readonly medianMs: number;
  readonly longestMs: number;
}

export interface StormReport {
  readonly seed: number;
  readonly lastedMs: number;
  readonly beats: number;
  readonly statuses: ReadonlyMap<string, number>;
  readonly checks: readonly Check[];
  readonly gaps: readonly GapsOfKind[];
}

/** A fault is still felt for a moment after it is over, unless the next one comes before. */
const aftermathMs = 1_500;

export function judgeGaps(episodes: readonly Episode[], pulse: Pulse): readonly GapsOfKind[] {
  const byKind = new Map<FaultKind, number[]>();
  for (const [i, { kind, fromMs, healedMs }] of episodes.entries()) {
    const nextMs = episodes[i + 1]?.fromMs ?? Infinity;
    const gap = pulse.longestGap(fromMs, Math.min(healedMs + aftermathMs, nextMs - 1));
    if (gap === undefined) continue;
    byKind.set(kind, [...(byKind.get(kind) ?? []), gap.lengthMs]);
  }
  return [...byKind].map(([kind, lengths]) => {
    const sorted = lengths.toSorted((one, other) => one - other);
    const medianMs = Math.round(sorted[Math.floor(sorted.length / 2)]!);
    return { kind, count: sorted.length, medianMs, longestMs: Math.round(sorted.at(-1)!) };
  });
}

export const violationsOf = (report: StormReport): string[] =>
  report.checks.flatMap(({ name, violations }) =>
    violations.map((violation) => `${name}: ${violation}`),
  );

const shownMax = 5;

export function describeReport(report: StormReport): string {
  const seconds = (report.lastedMs / 1_000).toFixed(0);
  const lines = [
    `seed ${report.seed}, ${seconds} s, ${report.beats} acknowledged changes`,
    `answers: ${[...report.statuses].map(([what, count]) => `${what} × ${count}`).join(', ')}`,
    'longest time without an acknowledged change, by fault:',
    ...report.gaps.map(
      ({ kind, count, medianMs, longestMs }) =>
        `  ${kind.padEnd(22)} × ${String(count).padStart(2)}  median ${medianMs} ms, longest ${longestMs} ms`,
    ),
    ...report.checks.flatMap(({ name, says, violations }) => [
      `${violations.length === 0 ? 'holds ' : 'BROKEN'}  ${name}: ${says}`,
      ...violations.slice(0, shownMax).map((violation) => `        ${violation}`),
      ...(violations.length > shownMax ? [`        … ${violations.length} in all`] : []),
    ]),
  ];
  return lines.join('\n');
}
