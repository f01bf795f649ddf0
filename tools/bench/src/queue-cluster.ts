import process from 'node:process';
import { compare, readSettings, type Case } from './compare.ts';
import { startQuorate } from './quorate.ts';
import { describeRows, keep, machine } from './report.ts';

/**
 * Messages of 200 bytes over REST, one by one and in batches. An operation is a message. Every one of
 * them is synced to the disks of a majority before it is answered.
 *
 *   npx nx bench queue-cluster [-- --quick --rounds 3 --seconds 5 --connections 1,50,256]
 */
const settings = readSettings();
const server = await startQuorate('queue-cluster');
try {
  const cases: Case[] = [1, 10, 100].flatMap((batch): Case[] => {
    const by = batch === 1 ? '' : `, batches of ${batch}`;
    const args = { batch };
    return [
      { server, what: `enq${by}`, workload: 'enqueue', args },
      { server, what: `enq → deq → ack${by}`, workload: 'enqueueDequeueAck', args },
    ];
  });
  const rows = await compare(cases, settings);
  const isBase = (row: { what: string }): boolean => row.what === 'enq';
  process.stdout.write(`\n${machine()}\nratio: to single enqs at as many connections\n\n`);
  process.stdout.write(`${describeRows(rows, isBase)}\n\n`);
  process.stdout.write(`kept in ${keep('queue-cluster', { settings, rows })}\n`);
} finally {
  await server.stop();
}
