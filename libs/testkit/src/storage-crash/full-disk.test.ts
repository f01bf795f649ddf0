import { logIndex, openFileStore } from '@quorate/raft';
import type { DurableWrite, LogStore, StorageFailure, StorageReport } from '@quorate/raft';
import { SimulatedFileSystem } from '../disk/simulated-file-system.ts';
import { Generator } from '../random/generator.ts';
import { entries, snapshotBytes, snapshotMeta, vote } from './log-history.ts';

const directory = '/node/group';
const reserveBytes = 8_000;

/** A store on a disk of which the test says how large it is and when it is looked at again. */
function openOn(capacityBytes: number, preallocate: boolean) {
  const generator = new Generator('full disk');
  const disk = new SimulatedFileSystem({
    random: () => generator.next(),
    schedule: (run) => void setImmediate(run),
    capacityBytes,
  });
  const reports: StorageReport[] = [];
  const timers: (() => void)[] = [];
  const open = async () => {
    const opened = await openFileStore({
      directory,
      fileSystem: disk,
      segmentBytes: 2_000,
      reserveBytes,
      preallocate,
      random: () => generator.next(),
      lock: () => Promise.resolve({ onLost: () => undefined, release: () => Promise.resolve() }),
      onReport: (report) => reports.push(report),
      setTimer: (run) => {
        timers.push(run);
        return () => undefined;
      },
    });
    return { store: opened, found: await opened.load() };
  };
  const lookForRoom = async (store: LogStore): Promise<void> => {
    timers.shift()?.();
    for (let turn = 0; turn < 200 && store.full; turn++) await nextTurn();
  };
  return { disk, reports, open, lookForRoom };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const write = (id: number, parts: Partial<DurableWrite>): DurableWrite => ({
  id,
  hardState: undefined,
  entries: [],
  install: undefined,
  keepSuffix: true,
  thenSend: [],
  ...parts,
});

const answerOf = (store: LogStore, each: DurableWrite): Promise<StorageFailure['kind'] | 'ok'> =>
  new Promise((resolve) => store.write(each, (failure) => resolve(failure?.kind ?? 'ok')));

async function fill(
  store: LogStore,
  first = 1,
): Promise<{ refused: DurableWrite; lastIndex: number }> {
  for (let id = first; id < 100; id++) {
    const next = write(id, { entries: entries(id, id, 1, 500) });
    if ((await answerOf(store, next)) === 'full') return { refused: next, lastIndex: id - 1 };
  }
  throw new Error('the disk never filled');
}

describe.each([true, false])('the file store on a full disk (preallocated: %s)', (preallocate) => {
  it('refuses entries, still takes votes and snapshots, and recovers by itself', async () => {
    const { disk, reports, open, lookForRoom } = openOn(20_000, preallocate);
    const { store } = await open();
    const { refused, lastIndex } = await fill(store);
    expect(lastIndex).toBeGreaterThan(5);
    expect(store.full).toBe(true);
    expect(reports).toMatchObject([{ kind: 'full' }]);

    expect(await answerOf(store, write(refused.id + 1, vote(2, 'b')))).toBe('ok');
    const later = write(refused.id + 2, { entries: entries(lastIndex + 2, lastIndex + 2, 1) });
    expect(await answerOf(store, later)).toBe('full');

    const snapshot = store.createSnapshot(snapshotMeta(lastIndex, 1));
    const bytes = snapshotBytes(lastIndex);
    await new Promise((resolve) => snapshot.append(bytes, resolve));
    expect(await new Promise((resolve) => snapshot.finish(resolve))).toBeUndefined();
    store.compact(logIndex(lastIndex));

    disk.capacityBytes = 40_000;
    await lookForRoom(store);
    expect(store.full).toBe(false);
    expect(reports.at(-1)).toEqual({ kind: 'room-again' });
    expect(disk.namesIn(directory)).toContain('reserve');

    expect(await answerOf(store, later)).toBe('full');
    expect(await answerOf(store, refused)).toBe('ok');
    expect(await answerOf(store, later)).toBe('ok');
    await store.close();
    disk.losePower();
    const { store: next, found } = await open();
    expect(found.hardState).toEqual(vote(2, 'b').hardState);
    expect(found.snapshot).toEqual(snapshotMeta(lastIndex, 1));
    expect(found.entries.at(-1)!.index).toBe(lastIndex + 2);
    await next.close();
  });

  it('leaves nothing of a write that did not fit', async () => {
    const { disk, open } = openOn(20_000, preallocate);
    const { store } = await open();
    const { lastIndex } = await fill(store);
    await store.close();
    disk.losePower();
    const { store: next, found } = await open();
    expect(found.entries.map((each) => each.index)).toEqual(
      Array.from({ length: lastIndex }, (_, i) => i + 1),
    );
    // The room that is left may be cut another way, but the disk is as full as it was.
    expect((await fill(next, lastIndex + 1)).lastIndex).toBeLessThan(lastIndex + 5);
    await next.close();
  });

  it('opens on a disk without room, full from the start, and can still vote', async () => {
    const { disk, reports, open, lookForRoom } = openOn(3_000, preallocate);
    const { store } = await open();
    expect(store.full).toBe(true);
    expect(reports).toMatchObject([{ kind: 'full' }]);
    expect(await answerOf(store, write(1, vote(1, 'a')))).toBe('ok');
    expect(await answerOf(store, write(2, { entries: entries(1, 1, 1) }))).toBe('full');
    disk.capacityBytes = 40_000;
    await lookForRoom(store);
    expect(await answerOf(store, write(2, { entries: entries(1, 1, 1) }))).toBe('ok');
    await store.close();
  });

  it('gives up a snapshot that does not fit even in the reserve, and goes on', async () => {
    const { disk, open } = openOn(20_000, preallocate);
    const { store } = await open();
    const { lastIndex } = await fill(store);
    const snapshot = store.createSnapshot(snapshotMeta(lastIndex, 1));
    const failure = await new Promise<StorageFailure | undefined>((resolve) => {
      snapshot.append(Buffer.alloc(50_000), resolve);
    });
    expect(failure?.kind).toBe('full');
    snapshot.abort();
    expect(await answerOf(store, write(1_000, vote(3)))).toBe('ok');
    await store.close();
    expect(disk.namesIn(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('the file store when a sync fails', () => {
  it('is broken for good: it says so to all, and never touches the disk again', async () => {
    const { disk, reports, open } = openOn(Infinity, true);
    const { store } = await open();
    expect(await answerOf(store, write(1, { entries: entries(1, 1, 1) }))).toBe('ok');
    await nextTurn();
    for (let turn = 0; turn < 100; turn++) await nextTurn();
    disk.failNextSync();
    const answers = await Promise.all([
      answerOf(store, write(2, { entries: entries(2, 2, 1) })),
      answerOf(store, write(3, vote(2, 'b'))),
    ]);
    expect(answers).toEqual(['broken', 'broken']);
    expect(reports).toMatchObject([{ kind: 'broken', detail: expect.stringContaining('EIO') }]);
    const { operations } = disk;
    expect(await answerOf(store, write(4, vote(3, 'b')))).toBe('broken');
    expect(disk.operations).toBe(operations);
    await store.close();
  });
});
