import { openFileStore } from '@quorate/raft';
import type { DurableState, LogStore, StorageReport } from '@quorate/raft';
import { SimulatedFileSystem } from '../disk/simulated-file-system.ts';
import { Generator } from '../random/generator.ts';
import { entries, imageOf, LogHistory, readSnapshot, snapshotBytes, vote } from './log-history.ts';

const directory = '/node/group';

/** A simulated disk whose operations happen one at a time, in an order drawn from the seed. */
export class CrashRun {
  readonly disk: SimulatedFileSystem;
  readonly reports: StorageReport[] = [];
  private readonly generator: Generator;
  private readonly pending: (() => void)[] = [];
  private turn: NodeJS.Immediate | undefined;

  constructor(seed: string) {
    this.generator = new Generator(seed);
    this.disk = new SimulatedFileSystem({
      random: () => this.generator.next(),
      schedule: (run) => {
        this.pending.push(run);
        this.turn ??= setImmediate(() => this.runOne());
      },
    });
  }

  open(): Promise<LogStore> {
    return openFileStore({
      directory,
      fileSystem: this.disk,
      segmentBytes: 650,
      reserveBytes: 700,
      random: () => this.generator.next(),
      lock: () => Promise.resolve({ onLost: () => undefined, release: () => Promise.resolve() }),
      onReport: (report) => this.reports.push(report),
      setTimer: () => () => undefined,
    });
  }

  /** Whether `work` was done before a crash (of power, or of the process alone) came. */
  async upToCrash(operations: number, work: () => Promise<unknown>): Promise<boolean> {
    const crashed = new Promise<boolean>((resolve) => {
      this.disk.onCrash = () => resolve(false);
    });
    this.disk.crashKind = this.generator.chance(0.7) ? 'power' : 'process';
    this.disk.crashAtOperation = this.disk.operations + operations;
    const done = await Promise.race([crashed, work().then(() => true)]);
    this.disk.crashAtOperation = Infinity;
    return done;
  }

  /** Loads what is there, and is itself cut short now and then. */
  async recover(): Promise<{ store: LogStore; found: DurableState }> {
    for (let attempt = 0; ; attempt++) {
      let loaded: { store: LogStore; found: DurableState } | undefined;
      const operations = attempt < 2 ? this.generator.integer(1, 80) : Infinity;
      await this.upToCrash(operations, async () => {
        const store = await this.open();
        loaded = { store, found: await store.load() };
      });
      if (loaded !== undefined) return loaded;
    }
  }

  /** What a load has said counts as durable: it must be so for the next one too. */
  async checkStaysAsLoaded(found: DurableState): Promise<{ store: LogStore }> {
    this.disk.losePower();
    const store = await this.open();
    const again = await store.load();
    new LogHistory(store, found).check(again);
    if (found.snapshot !== undefined) {
      const bytes = await readSnapshot(store, found.snapshot.index);
      if (!bytes.equals(snapshotBytes(found.snapshot.index))) throw new Error('snapshot differs');
    }
    return { store };
  }

  /** The survivor is not only readable: it takes votes, overwrites and appends, and keeps them. */
  async checkGoesOn(store: LogStore, found: DurableState): Promise<void> {
    const log = new LogHistory(store, found);
    const { lastIndex, firstIndex } = imageOf(found);
    const inTerm = found.hardState.term + 1;
    const from = Math.max(lastIndex, firstIndex, (found.snapshot?.index ?? 0) + 1);
    await log.write({ ...vote(inTerm, 'b'), entries: entries(from, from + 3, inTerm) });
    await log.write({ entries: entries(from + 4, from + 9, inTerm, 90) });
    await store.close();
    const reopened = await this.open();
    log.check(await reopened.load());
    await reopened.close();
  }

  private runOne(): void {
    this.turn = undefined;
    const chosen = this.generator.integer(0, this.pending.length - 1);
    const [run] = this.pending.splice(chosen, 1);
    run!();
    if (this.pending.length > 0) this.turn ??= setImmediate(() => this.runOne());
  }
}
