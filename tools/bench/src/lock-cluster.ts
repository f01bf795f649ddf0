import process from 'node:process';
import { startBare } from './bare.ts';
import { compare, type Case } from './compare.ts';
import { grantLease, startEtcd } from './etcd.ts';
import type { Server } from './processes.ts';
import { publish } from './publish.ts';
import { startQuorate } from './quorate.ts';
import { readSettings } from './settings.ts';

/**
 * Locks over REST beside etcd over its JSON gateway, in the same run, on the same machine, with the
 * same load generator. Both sync their logs before they answer.
 *
 *   npx nx bench lock-cluster [-- --quick --rounds 3 --seconds 2 --connections 1,50,256 --write-docs]
 */
const running: Server[] = [];
try {
  const quorate = await startQuorate('lock-cluster');
  running.push(quorate);
  const cases: Case[] = [
    { server: quorate, what: 'acquire', workload: 'acquire' },
    { server: quorate, what: 'acquire + release', workload: 'acquireRelease' },
  ];
  const etcd = await startEtcd();
  if (etcd === undefined) {
    process.stderr.write('etcd is not installed, and so not compared with\n');
  } else {
    running.push(etcd);
    const lease = await grantLease(etcd);
    cases.push({ server: etcd, what: 'put', workload: 'etcdPut' });
    cases.push({ server: etcd, what: 'lock + unlock', workload: 'etcdLock', args: { lease } });
  }
  const bare = await startBare();
  running.push(bare);
  const text = JSON.stringify({ key: 'k', client_id: 'client', ttl_ms: 30_000 });
  cases.push({ server: bare, what: 'echo', workload: 'echo', args: { path: '/', text } });
  const settings = readSettings(cases.length);
  publish({
    name: 'lock-cluster',
    settings,
    rows: await compare(cases, settings),
    isBase: ({ what }) => what === 'put',
    notes: [
      "Ratio: to etcd's put at as many connections.",
      'Quorate and etcd sync to the disks of a majority before they answer.',
    ],
  });
} finally {
  for (const server of running) await server.stop();
}
