import process from 'node:process';
import { startBare } from './bare.ts';
import { compare, readSettings, type Case } from './compare.ts';
import { grantLease, startEtcd } from './etcd.ts';
import type { Server } from './processes.ts';
import { startQuorate } from './quorate.ts';
import { describeRows, keep, machine } from './report.ts';

/**
 * Locks over REST beside etcd over its JSON gateway, in the same run, on the same machine, with the
 * same load generator. Both sync their logs before they answer.
 *
 *   npx nx bench lock-cluster [-- --quick --rounds 3 --seconds 2 --connections 1,50,256]
 */
const settings = readSettings();
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
  const rows = await compare(cases, settings);
  const isBase = (row: { what: string }): boolean => row.what === 'put';
  process.stdout.write(`\n${machine()}\nratio: to etcd's put at as many connections\n\n`);
  process.stdout.write(`${describeRows(rows, isBase)}\n\n`);
  process.stdout.write(`kept in ${keep('lock-cluster', { settings, rows })}\n`);
} finally {
  for (const server of running) await server.stop();
}
