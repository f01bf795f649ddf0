import { StorageRefusal } from '@quorate/raft';
import type { DurableState } from '@quorate/raft';
import { CrashRun } from './crash-run.ts';
import { entries, LogHistory, vote } from './log-history.ts';

const directory = '/node/group';
const frameMagic = Buffer.from('QLF1');

/** Three segments with several frames each, and a snapshot, closed in good order. */
async function writeLog(): Promise<{ run: CrashRun; log: LogHistory }> {
  const run = new CrashRun('damage');
  const store = await run.open();
  const log = new LogHistory(store, await store.load());
  await log.write({ ...vote(1, 'a'), entries: entries(1, 1, 1) });
  for (let index = 2; index <= 14; index++) await log.write({ entries: entries(index, index, 1) });
  await log.snapshot(5, 1);
  await store.close();
  return { run, log };
}

const framesOf = (content: Buffer): number[] => {
  const offsets: number[] = [];
  for (let at = content.indexOf(frameMagic); at !== -1; at = content.indexOf(frameMagic, at + 1)) {
    offsets.push(at);
  }
  return offsets;
};

async function load(run: CrashRun): Promise<DurableState> {
  const store = await run.open();
  try {
    return await store.load();
  } finally {
    await store.close();
  }
}

/** One more entry, in a frame with this value in it; the path of the segment that holds it. */
async function writeLast(run: CrashRun, value: Buffer): Promise<string> {
  const store = await run.open();
  const log = new LogHistory(store, await store.load());
  const [last] = entries(15, 15, 1);
  await log.write({ entries: [{ ...last!, payload: value }] });
  await store.close();
  const paths = run.disk.namesIn(directory).map((name) => `${directory}/${name}`);
  return paths.findLast((path) => run.disk.contentOf(path).includes(value))!;
}

const refusalOf = (run: CrashRun): Promise<unknown> =>
  load(run).catch((failure: unknown) => failure);

describe('the file store, when bytes changed under it', () => {
  let run: CrashRun;
  let log: LogHistory;
  let segments: string[];

  beforeEach(async () => {
    ({ run, log } = await writeLog());
    segments = run.disk
      .namesIn(directory)
      .filter((name) => name.endsWith('.wal'))
      .map((name) => `${directory}/${name}`)
      .filter((path) => framesOf(run.disk.contentOf(path)).length > 0);
    expect(segments.length).toBeGreaterThan(2);
  });

  it('refuses every flipped byte of every frame that another follows, naming file and offset', async () => {
    let flips = 0;
    for (const path of segments) {
      const frames = framesOf(run.disk.contentOf(path));
      const isLast = path === segments.at(-1);
      for (let i = 0; i < frames.length - (isLast ? 1 : 0); i++) {
        const offset = frames[i]!;
        const endOffset = frames[i + 1] ?? offset + 20;
        for (let at = offset; at < endOffset; at++) {
          run.disk.flip(path, at, 0x10);
          const refusal = await refusalOf(run);
          run.disk.flip(path, at, 0x10);
          expect(refusal).toBeInstanceOf(StorageRefusal);
          expect(refusal).toMatchObject({ file: path, offset });
          flips++;
        }
      }
    }
    expect(flips).toBeGreaterThan(500);
    log.check(await load(run));
    expect(run.reports).toEqual([]);
  });

  it('tells an operator what was found and what to do', async () => {
    const [first] = segments;
    const offset = framesOf(run.disk.contentOf(first!))[1]!;
    run.disk.flip(first!, offset + 30);
    const { message } = (await refusalOf(run)) as StorageRefusal;
    expect(message).toContain(`${first!} at offset ${offset}: damaged`);
    expect(message).toContain('Restore the directory from a copy of this very node, or replace');
  });

  it('cuts off and reports a last frame whose end was not written, from any byte on', async () => {
    const path = segments.at(-1)!;
    const whole = run.disk.contentOf(path);
    const offset = framesOf(whole).at(-1)!;
    const endOffset = whole.findLastIndex((byte) => byte !== 0) + 1;
    for (let kept = offset + 1; kept < endOffset; kept++) {
      const torn = (await writeLog()).run;
      for (let at = kept; at < endOffset; at++) torn.disk.flip(path, at, whole[at]);
      const found = await load(torn);
      expect(found.entries.at(-1)!.index).toBe(13);
      expect(torn.reports).toEqual([
        { kind: 'torn-tail-cut', file: path, offset, bytes: expect.any(Number) as number },
      ]);
      expect((await load(torn)).entries).toHaveLength(found.entries.length);
      expect(torn.reports).toHaveLength(1);
    }
  });

  it('refuses a flipped byte in a last frame that was written to its end', async () => {
    const path = segments.at(-1)!;
    const whole = run.disk.contentOf(path);
    const offset = framesOf(whole).at(-1)!;
    const endOffset = whole.findLastIndex((byte) => byte !== 0) + 1;
    for (let at = offset; at < endOffset; at++) {
      run.disk.flip(path, at, 0x10);
      const refusal = await refusalOf(run);
      run.disk.flip(path, at, 0x10);
      expect(refusal).toMatchObject({ file: path, offset });
      expect((refusal as Error).message).toContain('the last frame was written to its end');
    }
    log.check(await load(run));
  });

  it('takes a last frame with a sector that is not there for a torn one', async () => {
    const path = await writeLast(run, Buffer.alloc(2_000, 'v'));
    const whole = run.disk.contentOf(path);
    const sector = framesOf(whole).at(-1)! + 700;
    const from = sector - (sector % 512);
    for (let at = from; at < from + 512; at++) run.disk.flip(path, at, whole[at]);
    const found = await load(run);
    expect(found.entries.at(-1)!.index).toBe(14);
    expect(run.reports).toMatchObject([{ kind: 'torn-tail-cut' }]);
  });

  it('refuses a segment whose header is damaged, at any byte', async () => {
    for (const path of segments) {
      for (let at = 0; at < 20; at++) {
        run.disk.flip(path, at);
        expect(await refusalOf(run)).toMatchObject({ file: path, offset: 0 });
        run.disk.flip(path, at);
      }
    }
  });

  it('refuses a log from which a segment is missing, first, middle or last but one', async () => {
    for (const path of segments.slice(0, -1)) {
      const damaged = (await writeLog()).run;
      await new Promise((resolve) => damaged.disk.remove(path, resolve));
      const refusal = await refusalOf(damaged);
      // Without the first one the rest is a log that begins where no snapshot ends.
      if (path !== segments[0]) expect(refusal).toMatchObject({ file: path });
      expect(refusal).toBeInstanceOf(StorageRefusal);
    }
  });

  it('refuses a snapshot with a flipped byte anywhere, and a log without the one it needs', async () => {
    const path = `${directory}/snapshot-0000000000000005.snap`;
    const { length } = run.disk.contentOf(path);
    for (let at = 0; at < length; at += 7) {
      run.disk.flip(path, at);
      const refusal = await refusalOf(run);
      run.disk.flip(path, at);
      expect(refusal).toBeInstanceOf(StorageRefusal);
      expect(refusal).toMatchObject({ file: path });
    }
    log.check(await load(run));
  });

  it('says that a snapshot went bad while it ran, and hands out nothing of it', async () => {
    const store = await run.open();
    const { snapshot } = await store.load();
    run.disk.flip(`${directory}/snapshot-0000000000000005.snap`, 100);
    const piece = await new Promise<{ bytes: Uint8Array | undefined }>((resolve) => {
      store.readSnapshot(snapshot!.index, 0, 1_000, resolve);
    });
    expect(piece.bytes).toBeUndefined();
    expect(run.reports).toMatchObject([{ kind: 'snapshot-damaged', offset: 0 }]);
    await store.close();
  });

  it('does not take the bytes of a value for a frame', async () => {
    // A whole segment, frames and all, as the value of the log's last entry; then torn.
    const copied = run.disk.contentOf(segments[0]!);
    const holder = await writeLast(run, copied);
    const content = run.disk.contentOf(holder);
    const end = content.findLastIndex((byte) => byte !== 0);
    run.disk.flip(holder, end, content[end]);
    const found = await load(run);
    expect(found.entries.at(-1)!.index).toBe(14);
    expect(run.reports).toMatchObject([{ kind: 'torn-tail-cut' }]);
  });
});
