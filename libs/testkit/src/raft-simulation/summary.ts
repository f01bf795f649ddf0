import type { SimulationFailure, SimulationReport } from './run-simulation.ts';

/** The sum of many runs; workers send theirs to be added up. */
export interface Summary {
  seeds: number;
  events: number;
  virtualMs: number;
  committed: number;
  elections: number;
  faults: number;
  acknowledged: number;
  ambiguous: number;
  reads: number;
  readsLocally: number;
  undecided: number;
  longestStallMs: number;
  longestStallSeed: number;
  longestRecoveryMs: number;
  longestRecoverySeed: number;
}

export const emptySummary = (): Summary => ({
  seeds: 0,
  events: 0,
  virtualMs: 0,
  committed: 0,
  elections: 0,
  faults: 0,
  acknowledged: 0,
  ambiguous: 0,
  reads: 0,
  readsLocally: 0,
  undecided: 0,
  longestStallMs: 0,
  longestStallSeed: 0,
  longestRecoveryMs: 0,
  longestRecoverySeed: 0,
});

export function addReport(sum: Summary, report: SimulationReport): void {
  sum.seeds++;
  sum.events += report.events;
  sum.virtualMs += report.virtualMs;
  sum.committed += report.committed;
  sum.elections += report.elections;
  sum.faults += report.faults;
  sum.acknowledged += report.clients.acknowledged;
  sum.ambiguous += report.clients.ambiguous;
  sum.reads += report.clients.read;
  sum.readsLocally += report.clients.readLocally;
  sum.undecided += report.undecided;
  if (report.longestStallMs > sum.longestStallMs) {
    sum.longestStallMs = report.longestStallMs;
    sum.longestStallSeed = report.seed;
  }
  if (report.recoveryMs > sum.longestRecoveryMs) {
    sum.longestRecoveryMs = report.recoveryMs;
    sum.longestRecoverySeed = report.seed;
  }
}

export function describeSummary(sum: Summary, elapsedMs: number): string {
  const perSecond = Math.round(sum.events / Math.max(elapsedMs / 1_000, 0.001));
  const count = (value: number): string => value.toLocaleString('en-US');
  return [
    `${count(sum.seeds)} seeds in ${(elapsedMs / 1_000).toFixed(1)} s: ` +
      `${count(sum.events)} events (${count(perSecond)} a second), ` +
      `${(sum.virtualMs / 3_600_000).toFixed(2)} hours of cluster time`,
    `  ${count(sum.faults)} faults, ${count(sum.elections)} elections, ` +
      `${count(sum.committed)} entries committed`,
    `  ${count(sum.acknowledged)} writes acknowledged, ${count(sum.ambiguous)} in doubt, ` +
      `${count(sum.reads)} reads (${count(sum.readsLocally)} from a lease)`,
    `  longest stall under faults ${sum.longestStallMs.toFixed(0)} ms ` +
      `(seed ${sum.longestStallSeed}), slowest recovery of a healed majority ` +
      `${sum.longestRecoveryMs.toFixed(0)} ms (seed ${sum.longestRecoverySeed})`,
    ...(sum.undecided === 0
      ? []
      : [`  ${count(sum.undecided)} histories too long for the checker: neither good nor bad`]),
  ].join('\n');
}

export const replayCommand = (seed: number): string => `npx nx sim raft -- --seed ${seed} --trace`;

export function describeFailure(failure: SimulationFailure): string {
  return [
    `seed ${failure.seed} failed at ${failure.atMs.toFixed(3)} ms, event ${failure.events}`,
    `  ${failure.message}`,
    ...failure.stack
      .split('\n')
      .filter((line) => line.trimStart().startsWith('at '))
      .slice(0, 6),
    'the last that happened:',
    ...failure.lastLines.map((line) => `  ${line}`),
    `replay it: ${replayCommand(failure.seed)}`,
  ].join('\n');
}
