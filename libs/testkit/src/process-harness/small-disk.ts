import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { entrustMount, releaseMount } from './reaper.ts';

const run = promisify(execFile);

/**
 * A file system of a few megabytes in memory, that can be filled to the last byte and emptied again:
 * the process on it meets a real ENOSPC. Needs the right to mount, which containers often withhold;
 * `open` then says why, and the caller decides whether its test can do without.
 */
export class SmallDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async open(bytes: number): Promise<SmallDisk | { readonly unavailable: string }> {
    const path = await mkdtemp(join(tmpdir(), 'quorate-disk-'));
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path]);
    } catch (error) {
      await rm(path, { recursive: true, force: true });
      return { unavailable: error instanceof Error ? error.message : String(error) };
    }
    entrustMount(path);
    return new SmallDisk(path);
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.path);
    return bavail * bsize;
  }

  /** Leaves at most `leaveBytes` free. */
  async fill(leaveBytes = 0): Promise<void> {
    const file = await open(this.filler, 'a');
    try {
      for (let free = await this.freeBytes(); free > leaveBytes; free = await this.freeBytes()) {
        await file.write(Buffer.alloc(Math.min(free - leaveBytes, 1024 * 1024)));
      }
    } catch (error) {
      // Somebody else took the last bytes first: just as full.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
  }

  async makeRoom(): Promise<void> {
    await rm(this.filler, { force: true });
  }

  async close(): Promise<void> {
    await run('umount', ['-l', this.path]);
    releaseMount(this.path);
    await rm(this.path, { recursive: true, force: true });
  }

  private get filler(): string {
    return join(this.path, 'filler');
  }
}
