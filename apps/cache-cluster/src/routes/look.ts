import { lineStateOf } from '@quorate/mesi';
import { defineRoute, noLeader, problem, type Outcome, type Route } from '@quorate/service-kit';
import { z } from 'zod';
import { lineStates } from '../lines/line-cache.ts';
import { busKinds } from '../metrics.ts';
import type { KeyRecord } from '../state-machine/key-record.ts';
import type { Shard } from '../shards/shard.ts';
import { noSuchKey } from './answers.ts';
import { shardOf, type Desk } from './desk.ts';
import { keyParams, linesBody } from './schemas.ts';

/** For people: who may have a line of a key, and how this node is doing. */
export const lookRoutes = (desk: Desk): readonly Route[] => [
  defineRoute({
    method: 'get',
    path: '/cache/lines/{key}',
    tag: 'look',
    summary: 'Who may have a line of a key, and in which state',
    description:
      'As the directory knows it. A node may have evicted its line since, and tells nobody.',
    request: { params: keyParams },
    responses: { 200: { description: 'The state of the key on every node', body: linesBody } },
    handler: async ({ params }, { deadlineMs }): Promise<Outcome> => {
      const shard = shardOf(desk, params.key);
      const barrier = await shard.group.readBarrier(deadlineMs);
      if (barrier.kind === 'refused') return noLeader();
      const { state } = shard;
      const { index } = state;
      const record = state.present(params.key, state.atMs);
      const body = record === undefined ? undefined : describe(desk, shard, record);
      if (!(await shard.settled(index, deadlineMs))) {
        return problem('deadline_exceeded', 'The directory could not be confirmed in time.');
      }
      return body === undefined ? noSuchKey(params.key) : { status: 200, body };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/cache/stats',
    tag: 'look',
    summary: 'Hits, misses, lines and bus transactions of this node since it started',
    responses: {
      200: {
        description: 'Counts and gauges',
        body: z.looseObject({
          hits: z.int(),
          misses: z.int(),
          hit_ratio: z.number().nullable(),
          lines: z.int(),
          bytes: z.int(),
          evictions: z.int(),
          invalidations: z.int(),
          transitions: z.record(z.string(), z.int()),
          bus_transactions: z.record(z.string(), z.int()),
        }),
      },
    },
    handler: () => ({ status: 200, body: statsOf(desk) }),
  }),
];

function describe(
  { config }: Desk,
  { state, group }: Shard,
  record: KeyRecord,
): z.infer<typeof linesBody> {
  const entry = state.standing(record);
  const numbers = new Map(state.nodes.list.map(({ id }, number) => [id as string, number]));
  const nodes: Record<string, 'M' | 'E' | 'S' | 'I'> = {};
  for (const { id } of config.members) {
    const number = numbers.get(id);
    nodes[id] = number === undefined ? 'I' : lineStateOf(entry, number);
  }
  const leftMs = entry.deadlineMs - group.clockMs();
  return {
    key: record.key,
    version: entry.version,
    owner: state.nodes.idOf(entry.owner) ?? null,
    sharers: Object.keys(nodes).filter((id) => nodes[id] !== 'I'),
    dirty: entry.dirty,
    expires_in_ms: leftMs === Infinity ? null : Math.max(0, Math.round(leftMs)),
    nodes,
  };
}

/** Of this node; the sums over all nodes are Prometheus' business. */
export function statsOf({ reads, lines, bus, shards }: Desk): object {
  const { hits, misses } = reads;
  const transitions: Record<string, number> = {};
  for (const from of lineStates) {
    for (const to of lineStates) {
      if (from !== to) transitions[`${from}_${to}`] = lines.transitions(from, to);
    }
  }
  const sum = (of: (shard: Shard) => number): number =>
    shards.reduce((total, shard) => total + of(shard), 0);
  return {
    hits,
    misses,
    hit_ratio: hits + misses === 0 ? null : Math.round((hits / (hits + misses)) * 10_000) / 10_000,
    lines: lines.size,
    bytes: lines.bytes,
    evictions: lines.evictions,
    invalidations: lines.invalidations,
    transitions,
    bus_transactions: Object.fromEntries(busKinds.map((kind) => [kind, bus[kind]])),
    drops: bus.dropped,
    keys: sum(({ state }) => state.keyCount),
    memory_bytes: sum(({ state }) => state.valueBytes),
    dirty_keys: sum(({ state }) => state.dirty.size),
    dirty_bytes: sum(({ state }) => state.dirtyBytes),
    leases_valid: sum(({ group }) => (group.mayServeLocally() ? 1 : 0)),
  };
}
