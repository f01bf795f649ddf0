import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';

import {
  type Codec,
  createHost,
  type Host,
  type Limits,
  nextIncarnation,
  nodeId,
  openFileStore,
  type Replica,
  type ReplicaLimits,
  type RaftObserver,
  type StateMachine,
} from '../src/index.ts';

/** What the parent tells a node process, and what it answers. */
export interface Membership {
  readonly kind: 'members';
  readonly members: readonly {
    readonly id: string;
    readonly host: string;
    readonly port: number;
  }[];
}

export type Told = { readonly kind: 'listening'; readonly port: number } | { readonly kind: 'up' };

export interface BenchNode<Command, Reply> {
  readonly replica: Replica<Command, Reply, never>;
  readonly host: Host;
  readonly id: string;
}

/** One node as a process: it listens, hears from its parent who the others are, and takes part. */
export async function startBenchNode<Command, Reply>(
  place: { readonly id: string; readonly directory: string; readonly port?: number },
  group: {
    readonly machine: StateMachine<Command, Reply, never>;
    readonly commands: Codec<Command>;
    readonly replies: Codec<Reply>;
    readonly replica?: Partial<ReplicaLimits>;
    readonly observer?: RaftObserver;
    readonly limits?: Partial<Limits>;
  },
): Promise<BenchNode<Command, Reply>> {
  const server = createServer((_request, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => server.listen(place.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  tell({ kind: 'listening', port });
  process.on('disconnect', () => process.exit(1));
  const { members } = await heard<Membership>('members');
  const host = createHost({
    clusterName: 'bench',
    nodeId: nodeId(place.id),
    incarnation: await nextIncarnation(place.directory),
    members: members.map((member) => ({ ...member, id: nodeId(member.id) })),
    secret: 'bench',
    ...(group.limits === undefined ? {} : { limits: group.limits }),
    timing: { electionTimeoutMinMs: 500, electionTimeoutMaxMs: 1_000, heartbeatIntervalMs: 100 },
    onFatal: (groupId, reason, cause) => {
      throw new Error(`${groupId}: ${reason}`, { cause });
    },
  });
  const replica = await host.addGroup({
    groupId: 'bench',
    store: await openFileStore({ directory: `${place.directory}/log` }),
    ...group,
  });
  server.on('upgrade', (request, socket, head) => {
    if (!host.handleUpgrade(request, socket, head)) socket.destroy();
  });
  host.start();
  tell({ kind: 'up' });
  return { replica, host, id: place.id };
}

export function tell(message: object): void {
  process.send?.(message);
}

export function heard<Message extends { readonly kind: string }>(
  kind: Message['kind'],
): Promise<Message> {
  return new Promise((resolve) => {
    const listen = (message: unknown) => {
      if ((message as Message).kind !== kind) return;
      process.off('message', listen);
      resolve(message as Message);
    };
    process.on('message', listen);
  });
}

export async function untilLed(
  replica: Replica<never, never, never>,
  withinMs = 20_000,
): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (replica.core.office.leader === undefined) {
    if (performance.now() > endMs) throw new Error('no leader came');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
