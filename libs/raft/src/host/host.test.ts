import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { performance } from 'node:perf_hooks';

import { nodeId } from '../core/ids.ts';
import type { Replica } from '../replica/replica.ts';
import {
  add,
  jsonCodec,
  type LedgerCommand,
  type LedgerEvent,
  LedgerMachine,
  type LedgerReply,
} from '../replica/test/ledger-machine.ts';
import { openMemoryStore } from '../storage/memory/memory-store.ts';
import { createHost, type Host } from './host.ts';

type Ledger = Replica<LedgerCommand, LedgerReply, LedgerEvent>;

interface Running {
  readonly host: Host;
  readonly server: Server;
  readonly groups: readonly Ledger[];
}

const groupIds = ['shard-0', 'shard-1'];
let nodes: Running[] = [];

async function startThree(): Promise<void> {
  const servers = await Promise.all(
    ['a', 'b', 'c'].map(async () => {
      const server = createServer();
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const members = servers.map((server, i) => ({
    id: nodeId('abc'[i]!),
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
  }));
  nodes = await Promise.all(
    servers.map(async (server, i) => {
      const host = createHost({
        clusterName: 'ledgers',
        nodeId: members[i]!.id,
        incarnation: 1,
        members,
        secret: 's3cret',
        timing: { electionTimeoutMinMs: 300, electionTimeoutMaxMs: 600, heartbeatIntervalMs: 50 },
        onFatal: (groupId, reason, cause) => {
          throw new Error(`${groupId}: ${reason}`, { cause });
        },
      });
      server.on('upgrade', (request, socket, head) => host.handleUpgrade(request, socket, head));
      const groups: Ledger[] = [];
      for (const groupId of groupIds) {
        groups.push(
          await host.addGroup<LedgerCommand, LedgerReply, LedgerEvent>({
            groupId,
            store: openMemoryStore(),
            machine: new LedgerMachine(),
            commands: jsonCodec<LedgerCommand>(),
            replies: jsonCodec<LedgerReply>(),
          }),
        );
      }
      return { host, server, groups };
    }),
  );
  for (const { host } of nodes) host.start();
}

afterEach(async () => {
  await Promise.all(nodes.map(({ host }) => host.stop()));
  for (const { server } of nodes) server.close();
  nodes = [];
});

it('runs several groups over one link for each pair of nodes, and answers on every node', async () => {
  await startThree();
  const deadlineMs = performance.now() + 20_000;
  for (const [shard] of groupIds.entries()) {
    let balance = 0;
    for (const { groups } of nodes) {
      balance += 1;
      const outcome = await groups[shard]!.propose(add('x'), { deadlineMs });
      expect(outcome).toMatchObject({ kind: 'applied', reply: { balance } });
    }
    for (const { groups } of nodes) {
      expect((await groups[shard]!.readBarrier(deadlineMs)).kind).toBe('ready');
    }
  }
  for (const { host } of nodes) {
    expect(host.links().map(({ linked }) => linked)).toEqual([true, true]);
  }
});
