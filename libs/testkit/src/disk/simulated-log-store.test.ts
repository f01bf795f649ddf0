import { logIndex, nodeId, term } from '@quorate/raft';
import type { DurableWrite, Entry, SnapshotMeta, StorageFailure } from '@quorate/raft';
import { SimulatedLogDisk } from './simulated-log-store.ts';

const membership = { voters: [nodeId('a')], outgoing: [], learners: [] };
const entry = (index: number, inTerm = 1): Entry => ({
  index: logIndex(index),
  term: term(inTerm),
  atMs: index,
  kind: 'command',
  payload: Uint8Array.of(index),
});
const append = (id: number, ...entries: Entry[]): DurableWrite => ({
  id,
  hardState: undefined,
  entries,
  install: undefined,
  keepSuffix: true,
  thenSend: [],
});
const vote = (id: number, inTerm: number, node: string): DurableWrite => ({
  ...append(id),
  hardState: { term: term(inTerm), vote: nodeId(node) },
});
const meta = (index: number, inTerm = 1): SnapshotMeta => ({
  index: logIndex(index),
  term: term(inTerm),
  atMs: index,
  membership,
});

/** A disk whose syncs end when the test says so, and whose coins all fall alike. */
function createDisk(coin: number) {
  const events: (() => void)[] = [];
  const disk = new SimulatedLogDisk({
    random: () => coin,
    schedule: (_delayMs, run) => events.push(run),
    latencyMs: () => 1,
  });
  const runAll = (): void => {
    for (let run = events.shift(); run !== undefined; run = events.shift()) run();
  };
  return { disk, runAll };
}

describe('the simulated log store', () => {
  it('gathers what arrives during a sync and completes it in order', () => {
    const { disk, runAll } = createDisk(0);
    const store = disk.open();
    const order: number[] = [];
    for (const id of [1, 2, 3]) store.write(append(id, entry(id)), () => order.push(id));
    expect(order).toEqual([]);
    runAll();
    expect(order).toEqual([1, 2, 3]);
    expect(disk.image.lastIndex).toBe(3);
  });

  it.each([
    { coin: 0, survives: 0 },
    { coin: 0.5, survives: 1 },
    { coin: 0.99, survives: 2 },
  ])('keeps a prefix of $survives unacknowledged writes when the coin is $coin', (example) => {
    const { disk, runAll } = createDisk(example.coin);
    const done = jest.fn();
    const store = disk.open();
    store.write(append(1, entry(1)), done);
    store.write(append(2, entry(2)), done);
    disk.crash();
    runAll();
    expect(done).not.toHaveBeenCalled();
    expect(disk.open().loadNow().entries).toHaveLength(example.survives);
  });

  it('withholds every completion while the disk stalls', () => {
    const { disk, runAll } = createDisk(0);
    const store = disk.open();
    const done = jest.fn();
    disk.stall();
    store.write(append(1, entry(1)), done);
    runAll();
    expect(done).not.toHaveBeenCalled();
    disk.resume();
    runAll();
    expect(done).toHaveBeenCalledTimes(1);
  });

  it('lets votes through a full disk, and refuses what follows a refused write', () => {
    const { disk, runAll } = createDisk(0);
    const store = disk.open();
    const answers: Record<number, StorageFailure['kind'] | 'ok'> = {};
    const issue = (write: DurableWrite): void => {
      store.write(write, (failure) => (answers[write.id] = failure?.kind ?? 'ok'));
    };
    disk.fill();
    issue(append(1, entry(1)));
    issue(vote(2, 5, 'b'));
    disk.makeRoom();
    issue(append(3, entry(2)));
    runAll();
    expect(answers).toEqual({ 1: 'full', 2: 'ok', 3: 'full' });
    issue({ ...append(1, entry(1)), hardState: { term: term(4), vote: undefined } });
    issue(append(3, entry(2)));
    runAll();
    expect(answers).toEqual({ 1: 'ok', 2: 'ok', 3: 'ok' });
    expect(disk.image.hardState).toEqual({ term: 5, vote: 'b' });
  });

  it('says broken, and goes on saying so, after a failed sync', () => {
    const { disk, runAll } = createDisk(0);
    const store = disk.open();
    const failures: (string | undefined)[] = [];
    disk.failNextSync();
    for (const id of [1, 2]) {
      store.write(append(id, entry(id)), (failure) => failures.push(failure?.kind));
      runAll();
    }
    expect(failures).toEqual(['broken', 'broken']);
  });

  it('adopts a finished snapshot that was not installed yet, and drops a log it is not in', () => {
    const { disk, runAll } = createDisk(0);
    const store = disk.open();
    store.write(append(1, entry(1), entry(2)), () => undefined);
    const writer = store.createSnapshot(meta(5, 3));
    writer.append(Uint8Array.of(1, 2, 3), () => undefined);
    writer.finish(() => undefined);
    runAll();
    disk.crash();
    expect(disk.open().loadNow()).toEqual({
      hardState: { term: 3, vote: undefined },
      snapshot: meta(5, 3),
      entries: [],
    });
  });
});
