import type { DurableState, Entry } from '../../core/entry.ts';
import { logIndex, nodeId } from '../../core/ids.ts';
import { decodeEntries, encodeEntries } from '../../wire/entries.ts';
import type { LogStore } from '../log-store.ts';
import {
  appended,
  entry,
  finished,
  hardState,
  patterned,
  piece,
  readWholeSnapshot,
  run,
  snapshotMeta,
  takeSnapshot,
  write,
  written,
} from './writes.ts';

/** One node's storage, which a test opens, closes and opens again. */
export interface StoreUnderTest {
  /** A store over what is there; the store before it is closed. */
  open(): Promise<LogStore>;
  dispose(): Promise<void>;
}

/** What every implementation of `LogStore` promises, whatever it stands on. */
export function describeLogStore(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`the ${name} store, as any log store`, () => {
    let under: StoreUnderTest;
    let store: LogStore;
    let state: DurableState;

    const start = async (): Promise<void> => {
      store = await under.open();
      state = await store.load();
    };
    const restart = async (): Promise<void> => {
      await store.close();
      await start();
    };
    /** Writes all at once, as a driver does that does not wait for its disk. */
    const writeAll = async (...writes: Parameters<typeof write>[1][]): Promise<void> => {
      const answers = await Promise.all(
        writes.map((parts) => written(store, write(nextId++, parts))),
      );
      expect(answers).toEqual(writes.map(() => undefined));
    };
    let nextId: number;

    beforeEach(async () => {
      nextId = 1;
      under = await create();
      await start();
    });
    afterEach(async () => {
      await store.close();
      await under.dispose();
    });

    it('begins with nothing', () => {
      expect(state).toEqual({ hardState: hardState(0), snapshot: undefined, entries: [] });
      expect(store.full).toBe(false);
    });

    it('gives back what was written: term, vote and entries', async () => {
      await writeAll({ hardState: hardState(2, 'b'), entries: run(1, 20, 2) });
      await restart();
      expect(state.hardState).toEqual(hardState(2, 'b'));
      expect(plain(state.entries)).toEqual(plain(run(1, 20, 2)));
    });

    it('completes in order, once each, and never inside the call', async () => {
      const order: number[] = [];
      await new Promise<void>((resolve) => {
        for (let id = 1; id <= 50; id++) {
          store.write(write(id, { entries: [entry(id)] }), () => {
            order.push(id);
            if (id === 50) resolve();
          });
          expect(order).toEqual([]);
        }
      });
      expect(order).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
      await restart();
      expect(state.entries).toHaveLength(50);
    });

    it('takes writes from inside a completion', async () => {
      await new Promise<void>((resolve) => {
        const next = (id: number): void => {
          store.write(write(id, { entries: [entry(id)] }), () => {
            if (id === 10) resolve();
            else next(id + 1);
          });
        };
        next(1);
      });
      await restart();
      expect(state.entries.map((each) => each.index)).toEqual(run(1, 10).map((e) => e.index));
    });

    it('overwrites from an index on, and forgets what stood after it (Raft §5.3)', async () => {
      await writeAll({ entries: run(1, 10) }, { entries: run(6, 7, 2) }, { entries: run(8, 8, 2) });
      await restart();
      expect(plain(state.entries)).toEqual(plain([...run(1, 5), ...run(6, 8, 2)]));
    });

    it('keeps what an overwrite left after another restart', async () => {
      await writeAll({ entries: run(1, 10) });
      await restart();
      await writeAll({ entries: run(4, 4, 3) });
      await restart();
      await writeAll({ entries: run(5, 6, 3) });
      await restart();
      expect(plain(state.entries)).toEqual(plain([...run(1, 3), ...run(4, 6, 3)]));
    });

    it('makes a vote durable without entries, and keeps it beside later entries', async () => {
      await writeAll({ hardState: hardState(3, 'c') });
      await restart();
      expect(state.hardState).toEqual(hardState(3, 'c'));
      await writeAll({ entries: run(1, 2, 3) });
      await restart();
      expect(state.hardState).toEqual(hardState(3, 'c'));
      await writeAll({ hardState: hardState(4) });
      await restart();
      expect(state.hardState).toEqual(hardState(4));
    });

    it('completes an empty write after everything before it', async () => {
      const order: string[] = [];
      await new Promise<void>((resolve) => {
        store.write(write(1, { entries: run(1, 3) }), () => order.push('entries'));
        store.write(write(2), () => {
          order.push('barrier');
          resolve();
        });
      });
      expect(order).toEqual(['entries', 'barrier']);
      await writeAll({});
    });

    it('keeps the bytes it was given as a decoded run, whatever the kind of the entries', async () => {
      const entries = decodeEntries(
        encodeEntries([
          { ...entry(1), kind: 'noop', payload: new Uint8Array(0) },
          { ...entry(2), kind: 'membership', payload: patterned(100) },
          { ...entry(3), kind: 'command', payload: patterned(300_000) },
        ]),
      );
      await writeAll({ entries });
      await restart();
      expect(plain(state.entries)).toEqual(plain(entries));
    });

    it('holds a snapshot, and reads it in the pieces that are asked for', async () => {
      await writeAll({ entries: run(1, 10) });
      const bytes = patterned(200_000);
      expect(await takeSnapshot(store, 8, bytes)).toBeUndefined();
      for (const bytesMax of [997, 65_536, 1_000_000]) {
        const read = await readWholeSnapshot(store, 8, bytesMax);
        expect(read?.equals(bytes)).toBe(true);
      }
      const tail = await piece(store, 8, 199_990, 64);
      expect(tail.last).toBe(true);
      expect(Buffer.from(tail.bytes!).equals(bytes.subarray(199_990))).toBe(true);
      await restart();
      expect(state.snapshot).toEqual(snapshotMeta(8));
      expect(plain(state.entries)).toEqual(plain(run(1, 10)));
      expect((await readWholeSnapshot(store, 8))?.equals(bytes)).toBe(true);
    });

    it('holds an empty snapshot', async () => {
      await writeAll({ entries: run(1, 2) });
      expect(await takeSnapshot(store, 2, new Uint8Array(0))).toBeUndefined();
      await restart();
      expect(await readWholeSnapshot(store, 2)).toEqual(Buffer.alloc(0));
    });

    it('shows nothing of a snapshot before it is finished, nor of one that was aborted', async () => {
      await writeAll({ entries: run(1, 10) });
      const abandoned = store.createSnapshot(snapshotMeta(4));
      await appended(abandoned, patterned(5_000));
      abandoned.abort();
      const unfinished = store.createSnapshot(snapshotMeta(5));
      await appended(unfinished, patterned(5_000));
      expect((await piece(store, 4, 0, 100)).bytes).toBeUndefined();
      expect((await piece(store, 5, 0, 100)).bytes).toBeUndefined();
      await restart();
      expect(state.snapshot).toBeUndefined();
      expect(await takeSnapshot(store, 5, patterned(300))).toBeUndefined();
      expect((await readWholeSnapshot(store, 5))?.equals(patterned(300))).toBe(true);
    });

    it('keeps only the newest snapshot, whichever was finished last', async () => {
      await writeAll({ entries: run(1, 10) });
      await takeSnapshot(store, 4, patterned(2_000, 4));
      await takeSnapshot(store, 9, patterned(2_000, 9));
      expect(await takeSnapshot(store, 6, patterned(2_000, 6))).toBeUndefined();
      for (let life = 0; life < 2; life++) {
        expect(await readWholeSnapshot(store, 4)).toBeUndefined();
        expect(await readWholeSnapshot(store, 6)).toBeUndefined();
        expect((await readWholeSnapshot(store, 9))?.equals(patterned(2_000, 9))).toBe(true);
        await restart();
        expect(state.snapshot).toEqual(snapshotMeta(9));
      }
    });

    it('goes on writing while a snapshot is written', async () => {
      const writer = store.createSnapshot(snapshotMeta(3));
      await writeAll({ entries: run(1, 3) });
      for (let i = 0; i < 20; i++) {
        const [staged] = await Promise.all([
          appended(writer, patterned(1_000, i)),
          writeAll({ entries: [entry(4 + i)] }),
        ]);
        expect(staged).toBeUndefined();
      }
      expect(await finished(writer)).toBeUndefined();
      await restart();
      expect(state.entries).toHaveLength(23);
      expect((await readWholeSnapshot(store, 3))?.length).toBe(20_000);
    });

    it('installs a received snapshot over a log that did not match', async () => {
      await writeAll({ hardState: hardState(1, 'a'), entries: run(1, 10) });
      await takeSnapshot(store, 30, patterned(3_000), 4);
      await writeAll(
        { hardState: hardState(4), install: snapshotMeta(30, 4), keepSuffix: false },
        { entries: run(31, 33, 4) },
      );
      await restart();
      expect(state.hardState).toEqual(hardState(4));
      expect(state.snapshot).toEqual(snapshotMeta(30, 4));
      expect(plain(state.entries)).toEqual(plain(run(31, 33, 4)));
    });

    it('drops entries after the snapshot that do not follow from it', async () => {
      await writeAll({ entries: run(1, 40) });
      await takeSnapshot(store, 30, patterned(300), 4);
      await writeAll({ install: snapshotMeta(30, 4), keepSuffix: false });
      await restart();
      expect(state.entries).toEqual([]);
      await writeAll({ entries: run(31, 31, 4) });
      await restart();
      expect(plain(state.entries)).toEqual(plain(run(31, 31, 4)));
    });

    it('keeps the entries after an installed snapshot that matched', async () => {
      await writeAll({ entries: run(1, 40) });
      await takeSnapshot(store, 30, patterned(300));
      await writeAll({ install: snapshotMeta(30), keepSuffix: true }, { entries: run(41, 42) });
      await restart();
      expect(state.snapshot).toEqual(snapshotMeta(30));
      expect(plain(state.entries.slice(-12))).toEqual(plain(run(31, 42)));
    });

    it('adopts a snapshot whose installation did not come to be written', async () => {
      await writeAll({ hardState: hardState(2, 'b'), entries: run(1, 10, 2) });
      await takeSnapshot(store, 20, patterned(300), 5);
      await restart();
      expect(state).toEqual({
        hardState: hardState(5),
        snapshot: snapshotMeta(20, 5),
        entries: [],
      });
      await writeAll({ entries: run(21, 22, 5) });
      await restart();
      expect(plain(state.entries)).toEqual(plain(run(21, 22, 5)));
      expect(state.hardState).toEqual(hardState(5));
    });

    it('compacts at most what a snapshot stands for, and leaves no gap', async () => {
      await writeAll({ hardState: hardState(1, 'a') });
      for (let index = 1; index <= 60; index++) await writeAll({ entries: [entry(index, 1, 200)] });
      await takeSnapshot(store, 50, patterned(500));
      store.compact(logIndex(45));
      await writeAll({ entries: [entry(61)] });
      await restart();
      const first = state.entries[0]!.index;
      expect(first).toBeLessThanOrEqual(46);
      expect(state.entries).toHaveLength(61 - first + 1);
      expect(state.hardState).toEqual({ term: 1, vote: nodeId('a') });
      store.compact(logIndex(50));
      await restart();
      expect(state.entries[0]!.index).toBeLessThanOrEqual(51);
      expect(state.entries.at(-1)!.index).toBe(61);
    });

    it('waits, when it closes, for the writes under way', async () => {
      const completed: number[] = [];
      for (let id = 1; id <= 5; id++) {
        store.write(write(id, { entries: [entry(id)] }), () => completed.push(id));
      }
      await store.close();
      expect(completed).toEqual([1, 2, 3, 4, 5]);
      await start();
      expect(state.entries).toHaveLength(5);
    });

    it('closes once however often it is told to, and then takes no more writes', async () => {
      await writeAll({ entries: run(1, 2) });
      await Promise.all([store.close(), store.close()]);
      expect((await written(store, write(9, { entries: run(3, 3) })))?.kind).toBe('broken');
      await start();
      expect(state.entries).toHaveLength(2);
    });
  });
}

/** Stores hand out Buffers or plain arrays; a test compares bytes. */
const plain = (entries: readonly Entry[]): unknown[] =>
  entries.map((each) => ({ ...each, payload: Buffer.from(each.payload).toString('base64') }));
