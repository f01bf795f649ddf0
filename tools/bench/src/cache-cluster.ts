import { join } from 'node:path';
import process from 'node:process';
import { startBare } from './bare.ts';
import { compare, type Case } from './compare.ts';
import { findProgram, freePorts, startMembers, untilAnswers, type Server } from './processes.ts';
import { publish } from './publish.ts';
import { startQuorate } from './quorate.ts';
import { readSettings } from './settings.ts';
import { callsOfOthers, hitRatio } from './cache-facts.ts';
import { putMany } from './fill.ts';

/**
 * Hits, misses and writes of the cache beside a bare handler that parses and checks the same body, and
 * beside one that asks Redis for each key.
 *
 *   npx nx bench cache-cluster [-- --quick --rounds 3 --seconds 2 --connections 1,50,256 --write-docs]
 */
const keys = 20_000;
const running: Server[] = [];
try {
  const quorate = await startQuorate('cache-cluster');
  running.push(quorate);
  // A node with lines for a hundredth of the keys has to ask the bus for nearly all of them.
  const small = await startQuorate('cache-cluster', { LINES_MAX: String(keys / 100) });
  running.push(small);
  const bare = await startBare();
  running.push(bare);
  await putMany(quorate, 'hot', 1);
  await putMany(small, 'cold', keys);
  const cases: Case[] = [
    { server: quorate, what: 'hit', workload: 'cacheHit', args: { key: 'hot-0' } },
    { server: small, what: 'miss', workload: 'cacheMiss', args: { run: 'cold', keys } },
    { server: quorate, what: 'write', workload: 'cachePut' },
    { server: bare, what: 'bare get', workload: 'cacheHit', args: { key: 'hot-0' } },
  ];
  const redis = await startRedis();
  if (redis === undefined) {
    process.stderr.write('redis-server is not installed, and so not compared with\n');
  } else {
    running.push(redis);
    const asking = await startBare(`redis://127.0.0.1:${redis.port}`);
    running.push(asking);
    cases.push({
      server: asking,
      what: 'get from Redis',
      workload: 'cacheHit',
      args: { key: 'hot-0' },
    });
  }
  const settings = readSettings(cases.length);
  const rows = await compare(cases, settings);
  const calls = await callsOfOthers(quorate, 'hot-0');
  const zipf = await hitRatio(keys);
  publish({
    name: 'cache-cluster',
    settings,
    rows,
    isBase: ({ what }) => what === 'bare get',
    notes: [
      'Ratio: to the bare handler at as many connections.',
      'Writes and misses are synced to the disks of a majority before the answer.',
      ...(calls === undefined
        ? []
        : [
            `While one node answered ${calls.hits} hits, the other two read from and wrote to their`,
            `sockets and files ${calls.busy} times, and in as long a silence ${calls.idle} times.`,
          ]),
      `Hit ratio on a Zipf trace over ${keys} keys, with lines for a tenth: ${zipf.toFixed(3)}.`,
    ],
    facts: { calls, zipf },
  });
} finally {
  for (const server of running) await server.stop();
}

async function startRedis(): Promise<Server | undefined> {
  const program = findProgram('redis-server');
  if (program === undefined) return undefined;
  const [port] = await freePorts(1);
  const { processes, stop } = await startMembers((folder) => [
    {
      name: 'redis',
      command: program,
      args: [
        ...['--bind', '127.0.0.1', '--port', String(port), '--save', ''],
        ...['--dir', join(folder)],
      ],
    },
  ]);
  await untilAnswers('redis', processes, () =>
    Promise.resolve(processes[0]!.output.includes('Ready to accept') ? true : undefined),
  );
  return { name: 'Redis', port: port!, ports: [port!], pid: processes[0]!.pid, stop };
}
