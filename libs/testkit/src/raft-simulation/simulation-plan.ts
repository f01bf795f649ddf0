import type { Limits, LocalReads, ReplicaLimits, Timing } from '@quorate/raft';
import type { NetworkConditions } from '../network/simulated-network.ts';
import { Generator } from '../random/generator.ts';

export const faultKinds = [
  'crash',
  'crash-all',
  'pause',
  'partition',
  'link-reset',
  'slow-link',
  'network-storm',
  'disk-stall',
  'disk-full',
  'sync-failure',
  'clock-drift',
  'clock-leap',
  'busy-node',
  'transfer',
  'snapshot',
] as const;
/** A sleep is drawn apart, so that seeds from before there was any still mean what they meant. */
export type FaultKind = (typeof faultKinds)[number] | 'sleep';

/** Everything a run does follows from this, and this follows from the seed. */
export interface SimulationPlan {
  readonly seed: number;
  readonly voters: readonly string[];
  readonly learners: readonly string[];
  readonly timing: Timing;
  readonly limits: Limits;
  readonly localReads: LocalReads | undefined;
  readonly tickMs: number;
  readonly network: NetworkConditions;
  readonly syncMs: { readonly min: number; readonly mean: number };
  /** Small, so that snapshots are taken at every odd moment, and sent in several pieces. */
  readonly replica: Partial<ReplicaLimits>;
  readonly pieceBytes: number;
  /** How fast two honest clocks may run apart: 1 ± this. */
  readonly clockDrift: number;
  /** Leadership is moved through any node, and not only through the leader. */
  readonly transfersThroughAny: boolean;
  /** Mean time between two faults of a kind; kinds that are missing do not happen in this run. */
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly clients: number;
  readonly keys: number;
  readonly thinkMs: number;
  readonly chaosMs: number;
}

/**
 * Swarm testing (Groce et al., 2012): each seed allows a random few of the faults. A run with all of
 * them on hardly ever gets anywhere; many bugs need one fault often and another never.
 */
export function drawPlan(seed: number): SimulationPlan {
  const random = new Generator(`plan ${seed}`);
  const voters = names('n', random.pick([1, 2, 3, 3, 3, 3, 3, 4, 5, 5, 5, 6, 7]));
  const learners = random.chance(0.15) ? names('l', random.integer(1, 2)) : [];
  const electionMs = random.pick([100, 150, 200, 300]);
  const timing: Timing = {
    electionTimeoutMinMs: electionMs,
    electionTimeoutMaxMs: electionMs * random.pick([1.5, 2, 2]),
    heartbeatIntervalMs: electionMs / random.pick([4, 5, 8]),
  };
  const localReads = random.chance(0.4) ? drawLocalReads(random) : undefined;
  return {
    seed,
    voters,
    learners,
    timing,
    limits: { ...drawLimits(random), gatherMs: drawGatherMs(seed) },
    localReads,
    tickMs: random.pick([2, 5, 10]),
    network: drawNetwork(random, electionMs),
    syncMs: { min: random.pick([0.05, 0.3, 1]), mean: random.pick([0.2, 1, 4]) },
    replica: { ...drawReplicaLimits(random, electionMs), snapshotReadBytes: drawReadBytes(seed) },
    pieceBytes: random.pick([64, 256, 1_024]),
    clockDrift: localReads === undefined ? random.pick([0, 0.01, 0.2]) : allowedDrift(localReads),
    transfersThroughAny: new Generator(`transfers ${seed}`).chance(0.5),
    faults: new Map([...drawFaults(random, localReads !== undefined), ...drawSleep(seed)]),
    clients: random.integer(2, 6),
    keys: random.integer(1, 5),
    thinkMs: random.pick([1, 5, 20]),
    chaosMs: random.pick([4_000, 8_000, 12_000]),
  };
}

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`);

/** Drawn apart, so that seeds from before there was any gathering still mean what they meant. */
const drawGatherMs = (seed: number): number =>
  new Generator(`gathering ${seed}`).pick([0, 0, 0, 2, 20]);

/** Of a snapshot that is sent or read back; drawn apart for the same reason. */
const drawReadBytes = (seed: number): number =>
  new Generator(`reading ${seed}`).pick([200, 1_000, 10_000, 100_000]);

function drawSleep(seed: number): readonly (readonly ['sleep', number])[] {
  const random = new Generator(`sleeping ${seed}`);
  return random.chance(0.2) ? [['sleep', random.pick([600, 1_500, 4_000])]] : [];
}

function drawLimits(random: Generator): Omit<Limits, 'gatherMs'> {
  return {
    inflightMessagesMax: random.pick([1, 2, 8, 64]),
    inflightBytesMax: random.pick([600, 4_000, 1_000_000]),
    appendBytesMax: random.pick([100, 500, 4_000, 100_000]),
    uncommittedBytesMax: random.pick([1_500, 20_000, 1_000_000]),
    trailingBytesMax: random.pick([0, 500, 10_000]),
  };
}

function drawReplicaLimits(random: Generator, electionMs: number): Partial<ReplicaLimits> {
  return {
    // Virtual time stands still during a turn: 0 yields after every entry, 1 never does.
    sliceMs: random.pick([0, 1]),
    snapshotLogBytesMin: random.pick([500, 2_000, 8_000, 40_000]),
    snapshotChunkBytes: random.pick([50, 300, 2_000]),
    snapshotRetryMs: electionMs * 2,
    forwardTimeoutMs: electionMs * random.pick([1, 4]),
    readTimeoutMs: electionMs * random.pick([1, 3]),
    storageFullGraceMs: electionMs * 4,
    nodeGoneAfterMs: electionMs * random.pick([5, 30]),
  };
}

function drawLocalReads(random: Generator): LocalReads {
  const leaseMs = random.pick([200, 400, 800]);
  return {
    leaseMs,
    driftMs: leaseMs * random.pick([0.02, 0.05, 0.1]),
    lagMaxMs: random.pick([20, 50, 200]),
    readmitMinMs: random.pick([100, 1_000]),
    readmitMaxMs: 4_000,
  };
}

/** Two clocks at rates 1 − d and 1 + d part by just less than the allowance over one lease. */
const allowedDrift = ({ leaseMs, driftMs }: LocalReads): number => (driftMs / leaseMs) * 0.45;

/** The worst of these networks still lets a majority speak within an election timeout, mostly. */
function drawNetwork(random: Generator, electionMs: number): NetworkConditions {
  return {
    delayMinMs: random.pick([0.05, 0.5, 2]),
    delayMeanMs: random.pick([0.2, 1, electionMs / 40]),
    lossProbability: random.pick([0, 0, 0.01, 0.05]),
    duplicationProbability: random.pick([0, 0, 0.02, 0.1]),
    reorders: random.chance(0.5),
  };
}

function drawFaults(random: Generator, bounded: boolean): Map<FaultKind, number> {
  const faults = new Map<FaultKind, number>();
  if (random.chance(0.04)) return faults;
  for (const kind of faultKinds) {
    // Leases rest on clocks whose drift is bounded; a leap is outside of what they promise.
    const allowed = kind !== 'clock-leap' || !bounded;
    if (random.chance(0.45) && allowed) faults.set(kind, random.pick([250, 600, 1_500, 4_000]));
  }
  return faults;
}
