import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeLogStore } from '../test/describe-log-store.ts';
import { openFileStore } from './file-store.ts';

for (const preallocate of [true, false]) {
  // Segments so small that every test crosses several.
  const name = preallocate ? 'file' : 'file (growing segments)';
  describeLogStore(name, async () => {
    const directory = await fs.mkdtemp(join(tmpdir(), 'quorate-file-store-'));
    return {
      open: () =>
        openFileStore({
          directory: join(directory, 'node', 'group'),
          segmentBytes: 2_048,
          reserveBytes: 4_096,
          preallocate,
        }),
      dispose: () => fs.rm(directory, { recursive: true }),
    };
  });
}
