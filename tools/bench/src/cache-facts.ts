import { ask, putMany } from './fill.ts';
import { ioCalls } from './processes.ts';
import { startQuorate, type QuorateServer } from './quorate.ts';

const hits = 10_000;
const inFlight = 32;

export interface Calls {
  readonly hits: number;
  readonly busy: number;
  readonly idle: number;
}

/**
 * How often the other two nodes read and wrote, while one answered hits, and in as long a silence after
 * it (heartbeats and clock entries go on whether somebody reads or not). A message to a node is a read
 * there at least, so that hits which asked somebody, if only for a lease, would show as a difference.
 * Undefined where the system does not count.
 */
export async function callsOfOthers(
  { port, pid, pids }: QuorateServer,
  key: string,
): Promise<Calls | undefined> {
  const others = pids.filter((one) => one !== pid);
  const count = (): number | undefined => {
    const calls = others.map(ioCalls);
    return calls.some((one) => one === undefined)
      ? undefined
      : calls.reduce<number>((sum, one) => sum + one!, 0);
  };
  const startMs = performance.now();
  const before = count();
  for (let done = 0; done < hits; done += inFlight) {
    const answers = await Promise.all(
      Array.from({ length: inFlight }, () =>
        ask<{ readonly source: string }>(port, '/cache/get', { key }),
      ),
    );
    if (answers.some(({ source }) => source !== 'cache')) throw new Error('a hit was none');
  }
  const between = count();
  const busyMs = performance.now() - startMs;
  await new Promise((resolve) => setTimeout(resolve, busyMs));
  const after = count();
  if (before === undefined || between === undefined || after === undefined) return undefined;
  return { hits, busy: between - before, idle: after - between };
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
