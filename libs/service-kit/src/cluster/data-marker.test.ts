import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { markDataFolder } from './data-marker.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quorate-marker-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const marker = { cluster: 'queue-cluster', node_id: 'a', shards: 3 };

it('takes a folder for a node, and takes it again', async () => {
  await markDataFolder(directory, marker);
  await expect(markDataFolder(directory, marker)).resolves.toBeUndefined();
});

it('refuses another number of shards, and names the variable and the number that fits', async () => {
  await markDataFolder(directory, marker);
  await expect(markDataFolder(directory, { ...marker, shards: 4 })).rejects.toThrow(
    'SHARDS = 4, but the data was written with 3: set SHARDS=3',
  );
});

it("refuses another node's data", async () => {
  await markDataFolder(directory, marker);
  await expect(markDataFolder(directory, { ...marker, node_id: 'b' })).rejects.toThrow(
    'NODE_ID = b, but the data belongs to a',
  );
});
