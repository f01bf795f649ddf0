import { setTimeout as delay } from 'node:timers/promises';
import { Generator } from '../random/generator.ts';
import { waitUntil } from '../process-harness/condition.ts';
import { Arena } from './arena.ts';
import type { ChaosCluster } from './chaos-cluster.ts';
import { drawFaults } from './fault.ts';
import type { Fault } from './fault.ts';
import { inflict } from './inflict.ts';
import type { Inflicted } from './inflict.ts';
import { judgeGaps } from './report.ts';
import type { Check, Episode, StormReport } from './report.ts';

/** What clients do during the storm, and what must be true of what they saw. */
export interface Workload {
  /** In the calm before the storm. */
  prepare?(arena: Arena): Promise<void>;
  /** Ends soon after the arena is over, and leaves nothing running. */
  run(arena: Arena): Promise<void>;
  /** Once, in the middle of the storm, while no fault is on. */
  interlude?(arena: Arena): Promise<Episode | undefined>;
  /** Told of each fault, for what may be excused by one. */
  faulted?(fault: Inflicted, atMs: number): void;
  /** After the storm, with everything healed. */
  judge(arena: Arena): Promise<readonly Check[]>;
}

export interface StormOptions {
  readonly seed: number;
  readonly cluster: ChaosCluster;
  readonly workload: Workload;
  readonly length: StormLength;
  readonly tell?: (line: string) => void;
}

/**
 * By the clock, with faults drawn from the seed; or by what the clients get done, with faults that are
 * named. The second has an end on any machine, however slow, and is for tests.
 */
export type StormLength =
  | { readonly kind: 'minutes'; readonly minutes: number }
  | {
      readonly kind: 'progress';
      readonly faults: readonly Fault[];
      /** What has to be done between two faults, and during one that leaves a majority. */
      readonly beats: number;
      readonly limitMs: number;
    };

const outagesOfAll = new Set(['restart-all', 'pause-and-kill-others']);

export async function runStorm(options: StormOptions): Promise<StormReport> {
  const { cluster, seed, length, workload, tell = () => undefined } = options;
  const random = new Generator(seed);
  const limitMs = length.kind === 'minutes' ? length.minutes * 60_000 : length.limitMs;
  const arena = new Arena(cluster, random.split('clients'), limitMs);
  const startedMs = arena.now();
  const episodes: Episode[] = [];
  await workload.prepare?.(arena);
  const running = workload.run(arena);
  try {
    await Promise.all([running, blow(options, { arena, random, episodes, startedMs })]);
  } finally {
    arena.end();
  }
  tell(`${secondsSince(startedMs)}  calm; judging`);
  await allReady(cluster);
  const checks = [...(await workload.judge(arena)), scandalCheck(arena)];
  return {
    seed,
    lastedMs: arena.now() - startedMs,
    beats: arena.pulse.beats,
    statuses: arena.statuses,
    checks,
    gaps: judgeGaps(episodes, arena.pulse),
  };
}

interface Weather {
  readonly arena: Arena;
  readonly random: Generator;
  readonly startedMs: number;
  /** What has been, for the report. */
  readonly episodes: Episode[];
}

/** One fault after another, with calm between them, until it is over. */
async function blow(options: StormOptions, weather: Weather): Promise<void> {
  const { cluster, length, workload, tell = () => undefined } = options;
  const { arena, random, episodes, startedMs } = weather;
  await calm(arena, length, random);
  let wasHalfway = false;
  for (const drawn of faultsOf(length, random.split('faults'))) {
    if (arena.isOver) break;
    let fault = drawn;
    if (!wasHalfway && isHalfway(length, weather)) {
      wasHalfway = true;
      const episode = await workload.interlude?.(arena);
      if (episode !== undefined) episodes.push(episode);
      // A storm by the clock has this in its middle, whatever its seed draws.
      if (length.kind === 'minutes') fault = { kind: 'restart-all', victim: 'anyone', forMs: 0 };
    }
    const fromMs = arena.now();
    const inflicted = await inflict(cluster, fault, random);
    if (inflicted === undefined) continue;
    tell(`${secondsSince(startedMs)}  ${inflicted.told} (${fault.kind} of ${fault.victim})`);
    workload.faulted?.(inflicted, fromMs);
    await endure(arena, length, fault);
    const healedMs = arena.now();
    await inflicted.heal();
    episodes.push({ kind: fault.kind, told: inflicted.told, fromMs, healedMs });
    await calm(arena, length, random);
  }
  arena.end();
}

const isHalfway = (length: StormLength, { arena, startedMs, episodes }: Weather): boolean =>
  length.kind === 'minutes'
    ? arena.now() - startedMs > (arena.limitMs - startedMs) / 2
    : episodes.length >= length.faults.length / 2;

const secondsSince = (startedMs: number): string =>
  `${((performance.now() - startedMs) / 1_000).toFixed(1).padStart(6)} s`;

function faultsOf(length: StormLength, random: Generator): Iterable<Fault> {
  return length.kind === 'minutes' ? drawFaults(random) : length.faults;
}

async function endure(arena: Arena, length: StormLength, fault: Fault): Promise<void> {
  if (length.kind === 'minutes') {
    await delay(Math.max(0, Math.min(fault.forMs, arena.limitMs - arena.now())));
  } else if (!outagesOfAll.has(fault.kind)) {
    await progress(arena, length.beats, `${fault.kind} of ${fault.victim}`);
  }
}

async function calm(arena: Arena, length: StormLength, random: Generator): Promise<void> {
  const ms = random.integer(300, 4_000);
  if (length.kind === 'minutes')
    await delay(Math.min(ms, Math.max(0, arena.limitMs - arena.now())));
  else await progress(arena, length.beats, 'calm');
}

/** Bounded by the storm's limit: whoever gets nothing done within it fails, and says when. */
async function progress(arena: Arena, beats: number, when: string): Promise<void> {
  const wanted = arena.pulse.beats + beats;
  await waitUntil(
    `${beats} acknowledged changes (${when})`,
    () => arena.pulse.beats >= wanted || arena.isOver,
    { timeoutMs: Math.max(1, arena.limitMs - arena.now()), intervalMs: 5 },
  );
}

async function allReady(cluster: ChaosCluster): Promise<void> {
  for (const name of cluster.names) {
    await waitUntil(
      `${name} to be ready after the storm`,
      async () => {
        const url = `${cluster.processes.url(name)}/ready`;
        return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
      },
      { timeoutMs: 30_000 },
    );
  }
}

const scandalCheck = (arena: Arena): Check => ({
  name: 'no answer that nobody should see (500, a refusal of what is valid)',
  says: 'none',
  violations: arena.scandals,
});
