import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keepRedisNote } from '@quorate/raft';
import { StartError } from '../lifecycle/start-error.ts';

interface Marker {
  readonly cluster: string;
  readonly node_id: string;
  readonly shards: number;
}

const fileName = 'node.json';

/**
 * A data folder belongs to one node of one cluster with one number of shards. Another number would put
 * every key on another log than the one that holds it, so the start is refused instead.
 */
export async function markDataFolder(directory: string, wanted: Marker): Promise<void> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, fileName);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) {
    await writeFile(path, `${JSON.stringify(wanted)}\n`);
    return;
  }
  refuseOther(parse(text, path), wanted, `point DATA_DIR, now ${directory}, elsewhere`);
}

/** The same for a node that keeps its logs in Redis under `prefix`. */
export async function markRedis(url: string, prefix: string, wanted: Marker): Promise<void> {
  const key = `{${prefix}}:node`;
  const text = await keepRedisNote(url, key, JSON.stringify(wanted)).catch((failure: unknown) => {
    throw new StartError(`STORAGE = redis: ${(failure as Error).message}`);
  });
  refuseOther(parse(text, `${key} in Redis`), wanted, 'let REDIS_URL name another database');
}

function refuseOther(found: Marker, wanted: Marker, otherwise: string): void {
  const mistakes = [
    found.shards !== wanted.shards &&
      `SHARDS = ${wanted.shards}, but the data was written with ${found.shards}: set SHARDS=${found.shards}`,
    found.cluster !== wanted.cluster &&
      `CLUSTER_NAME = ${wanted.cluster}, but the data belongs to ${found.cluster}`,
    found.node_id !== wanted.node_id &&
      `NODE_ID = ${wanted.node_id}, but the data belongs to ${found.node_id}`,
  ].filter((line) => line !== false);
  if (mistakes.length > 0) {
    throw new StartError(`${mistakes.join('; ')} (or ${otherwise})`);
  }
}

function parse(text: string, path: string): Marker {
  try {
    return JSON.parse(text) as Marker;
  } catch {
    throw new StartError(
      `${path} is damaged: restore it, or remove the node's data if the node is new`,
    );
  }
}
