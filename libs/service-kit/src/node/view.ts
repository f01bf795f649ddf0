import { z } from 'zod';
import type { Context, Outcome } from '../routes/answer.ts';

/** Raft's roles as numbers, in the order in which a node climbs them. */
export const roleNames = ['follower', 'candidate', 'leader'] as const;
export type RoleName = (typeof roleNames)[number];

export function roleNumber(name: RoleName): number {
  return roleNames.indexOf(name);
}

const progress = {
  role: z.int().min(0).max(2).describe('0 follower, 1 candidate, 2 leader'),
  role_name: z.enum(roleNames),
  term: z.int().min(0),
  leader: z.string().nullable().describe('Id of the leader this node knows of'),
  commit_index: z.int().min(0),
  applied_index: z.int().min(0),
};

export const shardHealth = z
  .strictObject({ shard: z.int().min(0), ...progress })
  .meta({ id: 'ShardHealth' });

export const healthReport = z
  .strictObject({
    status: z
      .enum(['ok', 'no_majority', 'storage_failed', 'stopping'])
      .describe('ok with or without leadership; anything else comes with a 503'),
    cluster: z.string(),
    node_id: z.string(),
    ...progress,
    shards: z.array(shardHealth).optional(),
  })
  .meta({ id: 'Health' });

export const readyReport = z
  .strictObject({
    ready: z.boolean(),
    reason: z.string().optional().describe('What is still missing'),
  })
  .meta({ id: 'Ready' });

export const memberReport = z
  .strictObject({
    node_id: z.string(),
    address: z.string().describe('host:port'),
    is_self: z.boolean(),
    is_leader: z.boolean(),
    liveness: z.enum(['alive', 'suspect', 'dead', 'unknown']),
    phi: z.number().nullable().describe('Suspicion of the failure detector; null for this node'),
    last_heard_ms: z.number().nullable().describe('Milliseconds since it was last heard'),
    match_index: z.int().nullable().describe('As far as the leader knows its log agrees'),
    lag_entries: z.int().nullable().describe('How far it is behind; known to the leader only'),
  })
  .meta({ id: 'Member' });

export const clusterReport = z
  .looseObject({
    cluster: z.string(),
    node_id: z.string(),
    leader: z.string().nullable(),
    term: z.int(),
    members: z.array(memberReport),
  })
  .meta({ id: 'Cluster' });

export type HealthReport = Readonly<z.infer<typeof healthReport>>;
export type ShardHealth = Readonly<z.infer<typeof shardHealth>>;
export type ReadyReport = Readonly<z.infer<typeof readyReport>>;
export type MemberReport = Readonly<z.infer<typeof memberReport>>;
export type ClusterReport = Readonly<z.infer<typeof clusterReport>>;

/** What a service tells about its node; the standard routes ask it and add nothing of their own. */
export interface NodeView {
  health(): HealthReport;
  ready(): ReadyReport;
  cluster(): ClusterReport | Promise<ClusterReport>;
  /** Counts and gauges, for people. */
  stats(): object | Promise<object>;
  /** Hands leadership to `to`, or to whoever is furthest along. */
  transfer(to: string | undefined, context: Context): Outcome | Promise<Outcome>;
}
