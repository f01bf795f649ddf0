import { ask, putMany } from './fill.ts';
import type { Server } from './processes.ts';
import { startQuorate } from './quorate.ts';

const hits = 10_000;
/** Heartbeats and clock entries go on whether somebody reads or not: as long a silence is taken off. */
const inFlight = 32;

/** How many more messages nodes exchange while there are hits than while there are none. */
export async function linkMessages(
  server: Server,
  key: string,
): Promise<{ readonly hits: number; readonly more: number; readonly idle: number }> {
  const startMs = performance.now();
  const before = await proposalsOf(server);
  for (let done = 0; done < hits; done += inFlight) {
    const answers = await Promise.all(
      Array.from({ length: inFlight }, () =>
        ask<{ readonly source: string }>(server.port, '/cache/get', { key }),
      ),
    );
    if (answers.some(({ source }) => source !== 'cache')) throw new Error('a hit was none');
  }
  const busy = (await proposalsOf(server)) - before;
  const busyMs = performance.now() - startMs;
  const idleFrom = await proposalsOf(server);
  await new Promise((resolve) => setTimeout(resolve, busyMs));
  const idle = (await proposalsOf(server)) - idleFrom;
  return { hits, more: Math.max(0, busy - idle), idle };
}

/** Entries of all logs: a hit that asked anybody would be one, or a read of the leader. */
async function proposalsOf({ port }: Server): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const values = [...text.matchAll(/^raft_commit_index\{[^}]*\} (\d+)/gm)];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

const reads = 40_000;

/** Reads drawn from a Zipf distribution (s = 1) on a node with lines for a tenth of the keys. */
export async function hitRatio(keys: number): Promise<number> {
  const server = await startQuorate('cache-cluster', { LINES_MAX: String(keys / 10) });
  try {
    await putMany(server, 'zipf', keys);
    const draw = zipf(keys);
    const read = async (): Promise<boolean> => {
      const body = { key: `zipf-${draw()}` };
      const { source } = await ask<{ readonly source: string }>(server.port, '/cache/get', body);
      return source === 'cache';
    };
    let hit = 0;
    for (let done = 0; done < 2 * reads; done += inFlight) {
      const answers = await Promise.all(Array.from({ length: inFlight }, read));
      // The first half warms the lines.
      if (done >= reads) hit += answers.filter(Boolean).length;
    }
    return hit / reads;
  } finally {
    await server.stop();
  }
}

function zipf(keys: number): () => number {
  const upTo = new Float64Array(keys);
  let sum = 0;
  for (let i = 0; i < keys; i++) upTo[i] = sum += 1 / (i + 1);
  let state = 1;
  return () => {
    // A generator of our own (Lehmer), so that two runs read the same keys.
    state = (state * 48_271) % 2_147_483_647;
    const wanted = (state / 2_147_483_647) * sum;
    let low = 0;
    let high = keys - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upTo[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
