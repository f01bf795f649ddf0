import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { logIndex } from '../../core/ids.ts';
import type { DurableState } from '../../core/entry.ts';
import type { LogStore } from '../log-store.ts';
import type { StorageReport } from '../reports.ts';
import { describeLogStore } from '../test/describe-log-store.ts';
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
} from '../test/writes.ts';
import { openRedisStore } from './redis-store.ts';
import type { RedisStoreOptions } from './redis-store.ts';
import { CuttingProxy } from './test/cutting-proxy.ts';
import { findRedisServer, RedisServer } from './test/redis-server.ts';

const program = findRedisServer();
/** Used only where there is no program to start one with: it may be one that forgets. */
const externalUrl = program === undefined ? process.env['TEST_REDIS_URL'] : undefined;

if (program === undefined && externalUrl === undefined) {
  describe('the redis store', () => {
    const missing =
      'redis-server is not on the PATH, and neither TEST_REDIS_URL nor _SERVER is set';
    if (process.env['CI'] !== undefined) {
      it('has a Redis to run on, where it counts', () => {
        throw new Error(missing);
      });
    } else {
      process.stderr.write(`\n*** THE REDIS STORE IS NOT TESTED: ${missing} ***\n\n`);
      it.todo(`needs a Redis: ${missing}`);
    }
  });
}

const describeWithUrl =
  program === undefined && externalUrl === undefined ? describe.skip : describe;
const describeWithServer = program === undefined ? describe.skip : describe;

describeWithUrl('the redis store on a Redis that syncs always', () => {
  let server: RedisServer | undefined;
  let url: string;

  beforeAll(async () => {
    if (externalUrl === undefined) server = await RedisServer.start(program!);
    url = externalUrl ?? server!.url;
  });
  afterAll(() => server?.dispose());

  describeLogStore('redis', () => {
    const prefix = `test:${randomUUID()}`;
    return Promise.resolve({
      open: () =>
        openRedisStore({
          url,
          prefix,
          snapshotPartBytes: 1 << 17,
          acceptWeakDurability: externalUrl !== undefined,
        }),
      dispose: () => Promise.resolve(),
    });
  });
});

describeWithServer('the redis store, when Redis or the way to it fails', () => {
  let server: RedisServer;
  let prefix: string;
  let reports: StorageReport[];
  const opened: LogStore[] = [];

  beforeEach(async () => {
    server = await RedisServer.start(program!);
    prefix = `test:${randomUUID()}`;
    reports = [];
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    await server.dispose();
  });

  const open = async (options: Partial<RedisStoreOptions> = {}): Promise<LogStore> => {
    const onReport = (report: StorageReport): void => void reports.push(report);
    const store = await openRedisStore({ url: server.url, prefix, onReport, ...options });
    opened.push(store);
    return store;
  };
  const openLoaded = async (
    options: Partial<RedisStoreOptions> = {},
  ): Promise<{ store: LogStore; found: DurableState }> => {
    const store = await open(options);
    return { store, found: await store.load() };
  };
  const indexes = (found: DurableState): number[] => found.entries.map((each) => each.index);

  it('takes a Redis that does not sync while it rewrites its file for one that may forget', async () => {
    const admin = new Redis(server.url);
    await admin.config('SET', 'no-appendfsync-on-rewrite', 'yes');
    admin.disconnect();
    await expect(open()).rejects.toThrow('no-appendfsync-on-rewrite');
  });

  it('waits, on a new connection, for a Redis that refuses every write for now', async () => {
    const { store } = await openLoaded({ roomCheckIntervalMs: 20 });
    expect(await written(store, write(1, { entries: run(1, 2) }))).toBeUndefined();
    const admin = await refusingAll();
    const later = written(store, write(2, { entries: run(3, 3) }));
    await admin.config('SET', 'min-replicas-to-write', '0');
    admin.disconnect();
    expect(await later).toBeUndefined();
    await store.close();
    expect(indexes((await openLoaded()).found)).toEqual([1, 2, 3]);
  });

  it('closes while it waits for such a Redis', async () => {
    const { store } = await openLoaded({ roomCheckIntervalMs: 60_000 });
    const admin = await refusingAll();
    await store.close();
    admin.disconnect();
  });

  /** Every connection is cut, and the first question on the new one is refused. */
  async function refusingAll(): Promise<Redis> {
    const admin = new Redis(server.url);
    await admin.config('SET', 'min-replicas-to-write', '1');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    const deadlineMs = performance.now() + 10_000;
    while (!(await admin.info('errorstats')).includes('errorstat_NOREPLICAS')) {
      if (performance.now() > deadlineMs) throw new Error('nobody asked');
    }
    return admin;
  }

  it.each(['request', 'answer'] as const)(
    'finds out what became of a write whose %s was lost, and writes it exactly once',
    async (what) => {
      const proxy = await CuttingProxy.start(server.port);
      const { store } = await openLoaded({ url: proxy.url });
      expect(await written(store, write(1, { entries: run(1, 2) }))).toBeUndefined();
      const cut = proxy.cutNext(what);
      const outcomes = Promise.all([
        written(store, write(2, { entries: run(3, 3), hardState: hardState(4, 'b') })),
        written(store, write(3, { entries: run(4, 4) })),
      ]);
      await cut;
      expect(await outcomes).toEqual([undefined, undefined]);
      expect(reports).toContainEqual({ kind: 'outcome-resolved', written: what === 'answer' });
      await store.close();
      await proxy.close();
      const { found } = await openLoaded();
      expect(indexes(found)).toEqual([1, 2, 3, 4]);
      expect(found.hardState).toEqual(hardState(4, 'b'));
    },
  );

  it('loses nothing acknowledged when Redis is killed again and again under writes', async () => {
    const { store } = await openLoaded();
    const acknowledged: number[] = [];
    const stopping = new AbortController();
    const writing = (async (): Promise<void> => {
      for (let id = 1; !stopping.signal.aborted; id++) {
        const failure = await written(store, write(id, { entries: [entry(id, 1, 100)] }));
        if (failure !== undefined) throw new Error(failure.detail);
        acknowledged.push(id);
      }
    })();
    for (let life = 0; life < 4; life++) {
      const before = acknowledged.length;
      while (acknowledged.length < before + 20) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      await server.kill();
      await server.start();
    }
    stopping.abort();
    await writing;
    await store.close();
    const { found } = await openLoaded();
    expect(indexes(found)).toEqual(acknowledged);
  });

  it('finishes a snapshot across a restart of Redis', async () => {
    const { store } = await openLoaded({ snapshotPartBytes: 1 << 16 });
    await written(store, write(1, { entries: run(1, 5) }));
    const bytes = patterned(300_000);
    const writer = store.createSnapshot(snapshotMeta(5));
    expect(await appended(writer, bytes.subarray(0, 150_000))).toBeUndefined();
    await server.kill();
    const rest = appended(writer, bytes.subarray(150_000));
    await server.start();
    expect(await rest).toBeUndefined();
    expect(await finished(writer)).toBeUndefined();
    expect((await readWholeSnapshot(store, 5, 100_000))?.equals(bytes)).toBe(true);
  });

  it('is broken when Redis comes back without what it had acknowledged', async () => {
    const { store } = await openLoaded();
    await written(store, write(1, { entries: run(1, 3) }));
    await server.kill();
    await server.forgetEverything();
    await server.start();
    const failure = await written(store, write(2, { entries: run(4, 4) }));
    expect(failure?.kind).toBe('broken');
    expect(failure?.detail).toContain('Redis went back');
    expect((await written(store, write(3)))?.kind).toBe('broken');
  });

  it('is broken when the counter alone went back', async () => {
    const { store } = await openLoaded();
    for (let id = 1; id <= 3; id++) await written(store, write(id, { entries: [entry(id)] }));
    const operator = new Redis(server.url);
    await operator.hset(`{${prefix}}:state`, 'counter', 2);
    operator.disconnect();
    const failure = await written(store, write(4, { entries: [entry(4)] }));
    expect(failure?.kind).toBe('broken');
    expect(failure?.detail).toContain('its counter is 2, and write 3 had been acknowledged');
  });

  it('is broken when Redis comes back less durable than it was', async () => {
    const { store } = await openLoaded();
    await written(store, write(1, { entries: run(1, 1) }));
    await server.kill();
    await server.start(['--appendonly', 'yes', '--appendfsync', 'everysec']);
    const failure = await written(store, write(2, { entries: run(2, 2) }));
    expect(failure?.kind).toBe('broken');
    expect(failure?.detail).toContain('less durable: appendfsync is everysec');
  });

  it('gives way to the newest process under its prefix', async () => {
    const { store: first } = await openLoaded();
    await written(first, write(1, { entries: run(1, 1) }));
    const { store: second, found } = await openLoaded();
    expect(indexes(found)).toEqual([1]);
    const failure = await written(first, write(2, { entries: run(2, 2) }));
    expect(failure).toMatchObject({ kind: 'broken', detail: expect.stringContaining('another') });
    expect(await written(second, write(2, { entries: run(2, 2) }))).toBeUndefined();
  });

  it('refuses a Redis that may forget, unless that is accepted by name', async () => {
    const operator = new Redis(server.url);
    for (const [name, value, complaint] of [
      ['appendfsync', 'everysec', 'appendfsync is everysec'],
      ['maxmemory-policy', 'allkeys-lru', 'maxmemory-policy is allkeys-lru'],
      ['appendonly', 'no', 'appendonly is off'],
    ] as const) {
      const [, before] = (await operator.config('GET', name)) as [string, string];
      await operator.config('SET', name, value);
      await expect(open()).rejects.toThrow(complaint);
      await operator.config('SET', name, before);
    }
    await operator.config('SET', 'appendonly', 'no');
    const { store } = await openLoaded({ acceptWeakDurability: true });
    expect(await written(store, write(1, { entries: run(1, 1) }))).toBeUndefined();
    operator.disconnect();
  });

  it('refuses a damaged log and a damaged snapshot, naming the place', async () => {
    const { store } = await openLoaded();
    for (let id = 1; id <= 3; id++) await written(store, write(id, { entries: [entry(id)] }));
    await takeSnapshot(store, 2, patterned(1_000));
    const operator = new Redis(server.url);
    const log = `{${prefix}}:log`;
    const [, element] = await operator.lrangeBuffer(log, 0, -1);
    await operator.lset(log, 1, Buffer.concat([element!.subarray(0, -1), Buffer.from('x')]));
    await expect((await open()).load()).rejects.toMatchObject({ file: log, offset: 1 });
    await operator.lset(log, 1, element!);
    const part = (await operator.keys(`{${prefix}}:snapshot:*`))[0]!;
    await operator.setrange(part, 500, 'x');
    await expect((await open()).load()).rejects.toMatchObject({ file: part, offset: 0 });
    operator.disconnect();
  });

  it('refuses entries when Redis has no memory, still takes votes, and recovers', async () => {
    const timers: (() => void)[] = [];
    const { store } = await openLoaded({
      setTimer: (look) => {
        timers.push(look);
        return () => undefined;
      },
    });
    const operator = new Redis(server.url);
    await written(store, write(1, { entries: run(1, 3) }));
    await operator.config('SET', 'maxmemory', '1');
    const refused = write(2, { entries: run(4, 4) });
    const answers = await Promise.all([
      written(store, refused),
      written(store, write(3, { hardState: hardState(7, 'c') })),
      written(store, write(4, { entries: run(5, 5) })),
    ]);
    expect(answers.map((failure) => failure?.kind)).toEqual(['full', undefined, 'full']);
    expect(store.full).toBe(true);
    await operator.config('SET', 'maxmemory', '0');
    const roomAgain = new Promise<void>((resolve) => {
      const push = reports.push.bind(reports);
      reports.push = (...more) => {
        if (more.some(({ kind }) => kind === 'room-again')) resolve();
        return push(...more);
      };
    });
    timers.shift()!();
    await roomAgain;
    expect(await written(store, refused)).toBeUndefined();
    expect(await written(store, write(4, { entries: run(5, 5) }))).toBeUndefined();
    operator.disconnect();
    await store.close();
    const { found } = await openLoaded();
    expect(found.hardState).toEqual(hardState(7, 'c'));
    expect(indexes(found)).toEqual([1, 2, 3, 4, 5]);
  });

  it('trims the log by whole stretches, and leaves no parts of snapshots behind', async () => {
    const { store } = await openLoaded();
    for (let id = 1; id <= 200; id++) await written(store, write(id, { entries: [entry(id)] }));
    for (const index of [100, 150, 190]) await takeSnapshot(store, index, patterned(2_000, index));
    const dropped = store.createSnapshot(snapshotMeta(195));
    await appended(dropped, patterned(100));
    store.compact(logIndex(190));
    await written(store, write(201));
    await store.close();
    const { found } = await openLoaded();
    expect(found.entries[0]!.index).toBe(129);
    const operator = new Redis(server.url);
    expect(await operator.llen(`{${prefix}}:log`)).toBe(200 - 128);
    expect(await operator.keys(`{${prefix}}:snapshot:*`)).toHaveLength(1);
    const fields = await operator.hkeys(`{${prefix}}:state`);
    expect(fields.filter((name) => name.startsWith('staged:'))).toHaveLength(1);
    operator.disconnect();
  });

  it('hands out nothing of a snapshot that went bad while it ran', async () => {
    const { store } = await openLoaded();
    await written(store, write(1, { entries: run(1, 2) }));
    await takeSnapshot(store, 2, patterned(1_000));
    const operator = new Redis(server.url);
    const part = (await operator.keys(`{${prefix}}:snapshot:*`))[0]!;
    await operator.setrange(part, 10, 'damage');
    operator.disconnect();
    expect((await piece(store, 2, 0, 100)).bytes).toBeUndefined();
    expect(reports).toContainEqual({ kind: 'snapshot-damaged', file: part, offset: 0 });
  });
});
