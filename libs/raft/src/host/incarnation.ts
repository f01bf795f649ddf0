import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';

const fileName = 'incarnation';

/**
 * The number of this process's life: greater than that of every life before. It is the wall clock's
 * milliseconds, unless the clock stands behind the last life; that one is remembered in the node's
 * folder, durably before the number is used. Without a folder the clock alone has to do.
 */
export async function nextIncarnation(directory: string | undefined): Promise<number> {
  if (directory === undefined) return Date.now();
  await mkdir(directory, { recursive: true });
  const path = join(directory, fileName);
  const former = Number(await readFile(path, 'utf8').catch(() => '0')) || 0;
  const incarnation = Math.max(Date.now(), former + 1);
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w');
  await file.writeFile(String(incarnation));
  await file.sync();
  await file.close();
  await rename(temporary, path);
  await syncDirectory(directory);
  return incarnation;
}

async function syncDirectory(directory: string): Promise<void> {
  // Windows cannot open a directory; there the rename is journalled by the file system.
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  await handle.sync();
  await handle.close();
}
