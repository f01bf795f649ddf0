import { silentLogger } from '@quorate/service-kit';
import { createBusCounts } from '../lines/bus-counts.ts';
import { LineCache } from '../lines/line-cache.ts';
import { Flusher } from './flusher.ts';
import { Shard } from './shard.ts';
import { FakeGroup, turn } from './testing/fake-group.ts';
import { FakeMemory } from './testing/fake-memory.ts';

/** A leader and its memory; what it says to the log is applied when the test says so. */
class Leader {
  readonly group = new FakeGroup();
  readonly memory: FakeMemory;
  readonly lines = new LineCache({ linesMax: 10, bytesMax: 10_000 });
  readonly shard: Shard;
  readonly flusher: Flusher;

  constructor(term = 1, memory = new FakeMemory()) {
    this.memory = memory;
    this.group.role = 'leader';
    this.group.term = term;
    this.shard = new Shard({
      number: 0,
      group: this.group,
      machine: this.group.machine,
      life: this.group.life,
      lines: this.lines,
      memory,
      counts: createBusCounts(),
    });
    this.flusher = new Flusher(this.shard, { keepsValues: false }, silentLogger());
  }

  async begin(): Promise<void> {
    void this.flusher.run();
    this.group.confirmReads();
    await turn();
  }

  /** Whatever is under way comes to its end. */
  async finish(): Promise<void> {
    for (let i = 0; i < 10 && (this.memory.flushes.length > 0 || this.group.log.length > 0); i++) {
      if (this.memory.flushes.length > 0) this.memory.finishFlush();
      await turn();
      this.group.apply();
      this.group.settle();
      await turn();
    }
  }

  delete(key: string): void {
    this.group.append({ kind: 'delete', deletes: [{ key, condition: undefined }] });
    this.group.apply();
    this.group.settle();
  }

  get inMemory(): readonly string[] {
    return [...this.memory.items].map(
      ([key, { value }]) => `${key}=${Buffer.from(value.bytes).toString()}`,
    );
  }
}

it('brings memory up to date and says so: M becomes E', async () => {
  const leader = new Leader();
  const version = await leader.group.put('k', 'v', 'me');
  await leader.begin();
  await leader.finish();
  expect(leader.inMemory).toEqual(['k="v"']);
  expect(leader.lines.look('k')).toMatchObject({ state: 'E', item: { version } });
  expect(leader.shard.state.dirty.size).toBe(0);
});

it('does nothing on a node that does not lead', async () => {
  const leader = new Leader();
  await leader.group.put('k', 'v');
  leader.group.role = 'follower';
  await leader.begin();
  expect(leader.memory.flushes).toEqual([]);
});

it('does nothing before it has applied what it was elected with', async () => {
  const leader = new Leader();
  await leader.group.put('k', 'v');
  void leader.flusher.run();
  await turn();
  expect(leader.memory.flushes).toEqual([]);
  leader.group.confirmReads();
  await turn();
  expect(leader.memory.flushes).toHaveLength(1);
});

it('does nothing if it was deposed while it waited for that', async () => {
  const leader = new Leader();
  await leader.group.put('k', 'v');
  void leader.flusher.run();
  leader.group.term = 2;
  leader.group.confirmReads();
  await turn();
  expect(leader.memory.flushes).toEqual([]);
});

it('writes settled versions only', async () => {
  const leader = new Leader();
  await leader.group.put('known', 'v');
  await leader.group.put('unknown', 'v');
  leader.group.settle(leader.group.applied - 1);
  await leader.begin();
  expect(leader.memory.flushes[0]!.ask.writes.map(({ key }) => key)).toEqual(['known']);
});

it('writes a key that was written many times once, in its newest version', async () => {
  const leader = new Leader();
  for (let i = 0; i < 10; i++) await leader.group.put('k', `v${i}`);
  await leader.begin();
  expect(leader.memory.flushes[0]!.ask.writes).toHaveLength(1);
  await leader.finish();
  expect(leader.inMemory).toEqual(['k="v9"']);
});

it('has one write of a key under way: what is written meanwhile waits', async () => {
  const leader = new Leader();
  await leader.group.put('k', 'v1');
  await leader.begin();
  await leader.group.put('k', 'v2');
  await leader.flusher.run();
  expect(leader.memory.flushes).toHaveLength(1);
  await leader.finish();
  expect(leader.inMemory).toEqual(['k="v2"']);
  expect(leader.shard.state.dirty.size).toBe(0);
});

it('flush reordering put and delete: what it gave up on cannot land after what followed', async () => {
  const leader = new Leader();
  await leader.group.put('k', 'v');
  await leader.begin();
  const [lost] = leader.memory.flushes.splice(0);
  lost!.answer({ kind: 'unknown', detail: 'timeout' });
  leader.delete('k');
  await turn();
  await leader.begin();
  expect(leader.memory.flushes[0]!.ask).toMatchObject({
    token: { term: 1, attempt: 1 },
    writes: [{ key: 'k', item: undefined }],
  });
  await leader.finish();
  expect(leader.memory.land(lost!.ask)).toMatchObject({ kind: 'fenced' });
  expect(leader.inMemory).toEqual([]);
  expect(leader.shard.state.keys.size).toBe(0);
});

it("a former leader's delayed flush: never lands, and the former leader is told", async () => {
  const memory = new FakeMemory();
  const former = new Leader(1, memory);
  await former.group.put('k', 'old');
  await former.begin();
  const [delayed] = memory.flushes.splice(0);
  const next = new Leader(2, memory);
  await next.group.put('k', 'old');
  await next.group.put('k', 'new');
  await next.begin();
  await next.finish();
  delayed!.answer(memory.land(delayed!.ask));
  await turn();
  expect(next.inMemory).toEqual(['k="new"']);
  expect(former.shard.state.dirty.size).toBe(1);
});

it('catches up with an attempt of its own that arrived after all', async () => {
  const leader = new Leader();
  leader.memory.mark = { term: 1, attempt: 3 };
  await leader.group.put('k', 'v');
  await leader.begin();
  await leader.finish();
  await leader.begin();
  await leader.finish();
  expect(leader.inMemory).toEqual(['k="v"']);
});

it('leaves dirty what memory did not take, and goes on when memory is there again', async () => {
  const leader = new Leader();
  await leader.group.put('k', 'v');
  await leader.begin();
  leader.memory.flushes.shift()!.answer({ kind: 'unavailable', detail: 'connection refused' });
  await turn();
  expect(leader.shard.state.dirty.size).toBe(1);
  await leader.begin();
  await leader.finish();
  expect(leader.inMemory).toEqual(['k="v"']);
});

it('tells the log when memory has lost its data, then begins a new mark', async () => {
  const leader = new Leader();
  await leader.group.putFlushed('gone', 'v');
  await leader.group.put('k', 'v');
  await leader.begin();
  // It looks at the mark first, finds none, and says so.
  expect(leader.group.log.map(({ command }) => command.kind)).toEqual(['memory-lost']);
  leader.group.apply();
  leader.group.settle();
  await turn();
  expect(leader.memory.flushes[0]!.ask.markExpected).toBe(false);
  await leader.finish();
  expect(leader.inMemory).toEqual(['k="v"']);
  expect(leader.shard.state.hasFlushed).toBe(true);
});

it('does not say that it flushed what memory has in a newer version', async () => {
  const leader = new Leader();
  await leader.group.put('k', 'v');
  await leader.begin();
  leader.memory.flushes.shift()!.answer({ kind: 'flushed', results: ['newer'] });
  await turn();
  expect(leader.group.log).toEqual([]);
  expect(leader.shard.state.dirty.size).toBe(1);
});
