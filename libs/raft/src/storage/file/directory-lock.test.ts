import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDirectory } from './directory-lock.ts';
import type { DirectoryLock } from './directory-lock.ts';
import { StorageRefusal } from '../reports.ts';
import type { StorageReport } from '../reports.ts';

describe('the lock of a directory', () => {
  let directory: string;
  let path: string;
  let reports: StorageReport[];
  const held: DirectoryLock[] = [];

  beforeEach(async () => {
    directory = await fs.mkdtemp(join(tmpdir(), 'quorate-lock-'));
    path = join(directory, 'lock');
    reports = [];
  });
  afterEach(async () => {
    for (const lock of held.splice(0)) await lock.release();
    await fs.rm(directory, { recursive: true });
  });

  const take = async (watch = () => Promise.resolve()): Promise<DirectoryLock> => {
    const timing = { heartbeatMs: 1, watch };
    const lock = await lockDirectory(directory, (report) => reports.push(report), timing);
    held.push(lock);
    return lock;
  };
  const holder = async (): Promise<Record<string, unknown>> =>
    JSON.parse(await fs.readFile(path, 'utf8')) as Record<string, unknown>;
  /** The lock of another process, as it would have written it. */
  const leave = async (changes: Record<string, unknown>): Promise<void> => {
    const lock = await take();
    const mine = await holder();
    await lock.release();
    await fs.writeFile(path, JSON.stringify({ ...mine, token: 'another', ...changes }));
  };

  it('refuses a second holder, and says who has it and what to do', async () => {
    await take();
    const refusal = await take().catch((failure: unknown) => failure);
    expect(refusal).toBeInstanceOf(StorageRefusal);
    expect((refusal as Error).message).toContain(`process ${process.pid} on `);
    expect((refusal as Error).message).toContain('or give this node a directory of its own');
  });

  it('is free again after its release, and leaves nothing behind', async () => {
    await (await take()).release();
    expect(await fs.readdir(directory)).toEqual([]);
    await take();
    expect(reports).toEqual([]);
  });

  it('lets one of many win that ask at once', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => take()));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is taken over from a process that is gone, even when its number is in use again', async () => {
    await leave({ started: 'at another time' });
    await take();
    expect(reports).toMatchObject([{ kind: 'lock-taken-over' }]);
    expect((await holder())['pid']).toBe(process.pid);
  });

  it('of a process that is gone has one heir, whoever finds it at the same time', async () => {
    for (let round = 0; round < 20; round++) {
      await leave({ started: 'at another time' });
      const answers = await Promise.allSettled(Array.from({ length: 8 }, () => take()));
      const won = answers.filter(({ status }) => status === 'fulfilled');
      expect(won).toHaveLength(1);
      const lost: string[] = [];
      for (const lock of held) lock.onLost = (detail) => lost.push(detail);
      await new Promise((resolve) => setImmediate(resolve));
      expect(lost).toEqual([]);
      for (const lock of held.splice(0)) await lock.release();
      expect(await fs.readdir(directory)).toEqual([]);
    }
  });

  it('goes to the heir of an heir that died before it had put its own lock in place', async () => {
    await leave({ started: 'at another time' });
    const dead = await holder();
    const heir = { ...dead, token: 'an heir' };
    await fs.writeFile(join(directory, 'lock.another.heir'), JSON.stringify(heir));
    await take();
    expect((await holder())['started']).not.toBe('at another time');
    expect(await fs.readdir(directory)).toEqual(['lock']);
  });

  it('is refused while an heir that lives is about to put its own lock in place', async () => {
    const lock = await take();
    const alive = { ...(await holder()), token: 'an heir' };
    await lock.release();
    await leave({ started: 'at another time' });
    await fs.writeFile(join(directory, 'lock.another.heir'), JSON.stringify(alive));
    await expect(take()).rejects.toThrow('uses this directory');
    await fs.unlink(join(directory, 'lock.another.heir'));
  });

  it('is respected while a holder that cannot be looked up gives signs of life', async () => {
    await leave({ world: 'another container' });
    const refusal = take(async () => {
      await fs.utimes(path, new Date(0), new Date(0));
    });
    await expect(refusal).rejects.toThrow('uses this directory');
  });

  it('is taken over from a holder that cannot be looked up and gives no sign of life', async () => {
    await leave({ world: 'another container', host: 'elsewhere' });
    await take();
    expect(reports).toMatchObject([
      { kind: 'lock-taken-over', detail: expect.stringContaining('on elsewhere ended') },
    ]);
  });

  it('tells its holder when it was taken away', async () => {
    const lock = await take();
    const lost = new Promise<string>((resolve) => (lock.onLost = resolve));
    const taken = JSON.stringify({ ...(await holder()), token: 'another', pid: 7 });
    // In one piece, as whoever takes it does: half of it would be a lock that cannot be read.
    await fs.writeFile(`${path}.other`, taken);
    await fs.rename(`${path}.other`, path);
    expect(await lost).toContain('process 7 took it');
  });

  it('refuses to guess when the lock cannot be read', async () => {
    await fs.writeFile(path, 'not a lock');
    await expect(take()).rejects.toThrow('Remove it when you are certain');
  });
});
