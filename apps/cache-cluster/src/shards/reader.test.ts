import { createBusCounts } from '../lines/bus-counts.ts';
import { LineCache } from '../lines/line-cache.ts';
import { Reader } from './reader.ts';
import { Shard } from './shard.ts';
import { FakeGroup, turn } from './testing/fake-group.ts';
import { FakeMemory, itemOf } from './testing/fake-memory.ts';

const soonMs = 1_000;

class OneNode {
  readonly group = new FakeGroup();
  readonly memory = new FakeMemory();
  readonly lines = new LineCache({ linesMax: 10, bytesMax: 10_000 });
  readonly counts = createBusCounts();
  lost = 0;
  readonly shard = new Shard({
    number: 0,
    group: this.group,
    machine: this.group.machine,
    life: this.group.life,
    lines: this.lines,
    memory: this.memory,
    counts: this.counts,
  });
  readonly reader = new Reader(this.shard, 'redis', (keys) => (this.lost += keys));

  /** What a caller has been answered so far. */
  read(key: string): { answer: unknown } {
    const call: { answer: unknown } = { answer: 'none yet' };
    void this.reader.read(key, soonMs).then((found) => {
      call.answer =
        found.kind === 'value'
          ? `${Buffer.from(found.item.value.bytes).toString()} ${found.state} ${found.source}`
          : found.kind === 'problem'
            ? found.code
            : found.kind;
    });
    return call;
  }

  get line(): string | undefined {
    const line = this.lines.look('k');
    return line && `${line.state}${line.item.version}`;
  }

  isHit(key = 'k'): boolean {
    const line = this.lines.look(key);
    return line !== undefined && this.shard.serves(line);
  }

  /** A read whose BusRd is applied and settled, and whose value is under way from memory. */
  async missUnderWay(): Promise<{ answer: unknown }> {
    const call = this.read('k');
    this.group.apply();
    this.group.settle();
    await turn();
    return call;
  }
}

describe('a hit', () => {
  it('needs the lease, and the entry that gave the line to be settled', async () => {
    const node = new OneNode();
    const { group } = node;
    await group.put('k', 'v', 'me');
    expect(node.isHit()).toBe(true);
    group.hasLease = false;
    expect(node.isHit()).toBe(false);
    group.hasLease = true;
    group.settle(group.applied - 1);
    expect(node.isHit()).toBe(false);
  });

  it('is none once the deadline has passed by the cluster clock, though nothing was dropped yet', async () => {
    const node = new OneNode();
    await node.group.put('k', 'v', 'me', 100);
    node.group.nowMs = 99;
    expect(node.isHit()).toBe(true);
    node.group.nowMs = 100;
    expect(node.isHit()).toBe(false);
    node.group.notice({ kind: 'clock' });
    expect(node.line).toBeUndefined();
  });

  it('is none from the moment when a write of another node stands in the log', async () => {
    const node = new OneNode();
    await node.group.put('k', 'v', 'me');
    node.group.append({ kind: 'delete', deletes: [{ key: 'k', condition: undefined }] });
    expect(node.line).toBeUndefined();
  });

  it('is not M or E any more once another node is going to read', async () => {
    const node = new OneNode();
    await node.group.put('k', 'v', 'me');
    expect(node.line).toMatch(/^M/);
    node.group.append({ kind: 'read', keys: ['k'] });
    expect(node.line).toMatch(/^S/);
  });

  it('is none after a snapshot took the place of the log', async () => {
    const node = new OneNode();
    await node.group.put('k', 'v', 'me');
    node.group.restore();
    expect(node.line).toBeUndefined();
  });
});

describe('a miss', () => {
  it('is answered when its entry is settled, and leaves a line', async () => {
    const node = new OneNode();
    const { group } = node;
    const version = await group.put('k', 'v');
    const call = node.read('k');
    group.apply();
    await turn();
    expect(call.answer).toBe('none yet');
    group.settle();
    await turn();
    expect(call.answer).toBe('"v" S memory');
    expect(node.line).toBe(`S${version}`);
  });

  it('of a line that is too new to be served waits only for that', async () => {
    const node = new OneNode();
    await node.group.put('k', 'v', 'me');
    node.group.settle(1);
    const call = node.read('k');
    await turn();
    expect(node.group.log).toEqual([]);
    node.group.settle();
    await turn();
    expect(call.answer).toBe('"v" M cache');
  });

  it('is one BusRd and one fetch, however many ask at once', async () => {
    const node = new OneNode();
    const version = await node.group.putFlushed('k', 'v');
    node.memory.items.set('k', itemOf(version, 'v'));
    const calls = [node.read('k'), node.read('k'), node.read('k')];
    expect(node.group.log).toHaveLength(1);
    node.group.apply();
    node.group.settle();
    await turn();
    expect(node.memory.fetches).toHaveLength(1);
    node.memory.finishFetch();
    await turn();
    expect(calls.map(({ answer }) => answer)).toEqual(Array(3).fill('"v" S redis'));
  });

  it('is not joined by who comes after a write has been appended: it may have been answered', async () => {
    const node = new OneNode();
    await node.group.put('k', 'old');
    const first = node.read('k');
    // The write is above the first read in the log; its writer may have heard of it by now.
    node.group.append({ kind: 'delete', deletes: [{ key: 'k', condition: undefined }] });
    const second = node.read('k');
    node.group.apply();
    node.group.settle();
    await turn();
    expect([first.answer, second.answer]).toEqual(['"old" I memory', 'absent']);
  });

  it('is not joined without a lease, because the log may lack what was answered elsewhere', async () => {
    const node = new OneNode();
    await node.group.put('k', 'v');
    node.read('k');
    node.group.hasLease = false;
    const late = node.read('k');
    node.group.apply();
    node.group.settle();
    await turn();
    expect(late.answer).toBe('none yet');
    node.group.confirmReads();
    await turn();
    expect(late.answer).toBe('"v" I memory');
  });

  it('is not joined for a value whose time was over when the other came', async () => {
    const node = new OneNode();
    await node.group.put('k', 'v', 'other', 100);
    const first = node.read('k');
    // The entry of the first has its stamp; the second comes when the clock has passed the deadline.
    node.group.apply();
    node.group.nowMs = 100;
    const second = node.read('k');
    node.group.notice({ kind: 'clock' });
    await turn();
    node.group.confirmReads();
    await turn();
    expect([first.answer, second.answer]).toEqual(['"v" I memory', 'absent']);
  });

  it('of a key that is not there makes no entry of the log', async () => {
    const node = new OneNode();
    const call = node.read('none');
    expect(node.group.log).toEqual([]);
    node.group.confirmReads();
    await turn();
    expect(call.answer).toBe('absent');
  });

  it('goes by way of the leader without a lease, and waits until what it shows is settled', async () => {
    const node = new OneNode();
    await node.group.put('k', 'v');
    node.group.hasLease = false;
    node.group.settle(1);
    const call = node.read('k');
    node.group.confirmReads();
    await turn();
    expect(call.answer).toBe('none yet');
    node.group.settle();
    await turn();
    expect(call.answer).toBe('"v" I memory');
  });
});

describe('a fill', () => {
  const flushed = async (): Promise<{ node: OneNode; version: number }> => {
    const node = new OneNode();
    const version = await node.group.putFlushed('k', 'v');
    node.memory.items.set('k', itemOf(version, 'v'));
    return { node, version };
  };

  it('makes a line of the value that came from memory', async () => {
    const { node, version } = await flushed();
    const call = await node.missUnderWay();
    node.memory.finishFetch();
    await turn();
    expect(call.answer).toBe('"v" S redis');
    expect(node.line).toBe(`S${version}`);
    expect(node.isHit()).toBe(true);
  });

  it('a late fill overwriting an invalidation: it is answered, and not kept', async () => {
    const { node } = await flushed();
    const call = await node.missUnderWay();
    node.group.append({ kind: 'delete', deletes: [{ key: 'k', condition: undefined }] });
    node.memory.finishFetch();
    await turn();
    expect(call.answer).toBe('"v" I redis');
    expect(node.line).toBeUndefined();
  });

  it('a late fill overwriting a newer line of the same node: the newer one stays', async () => {
    const { node } = await flushed();
    await node.missUnderWay();
    const newer = await node.group.put('k', 'new', 'me');
    node.memory.finishFetch();
    await turn();
    expect(node.line).toBe(`M${newer}`);
  });

  it('a BusRd applied after a later BusRdX was appended: no line, whether the value is here …', async () => {
    const node = new OneNode();
    await node.group.put('k', 'v');
    const call = node.read('k');
    node.group.append({ kind: 'delete', deletes: [{ key: 'k', condition: undefined }] });
    node.group.apply(1);
    node.group.settle();
    await turn();
    expect(call.answer).toBe('"v" I memory');
    expect(node.line).toBeUndefined();
  });

  it('a BusRd applied after a later BusRdX was appended: … or in memory', async () => {
    const { node } = await flushed();
    const call = node.read('k');
    node.group.append({ kind: 'delete', deletes: [{ key: 'k', condition: undefined }] });
    node.group.apply(1);
    node.group.settle();
    await turn();
    node.memory.finishFetch();
    await turn();
    expect(call.answer).toBe('"v" I redis');
    expect(node.line).toBeUndefined();
  });

  it('eviction racing a fill: what memory evicts while its value is under way is not kept', async () => {
    const { node, version } = await flushed();
    await node.missUnderWay();
    node.group.append({ kind: 'drop', keys: [{ key: 'k', version }], why: 'evicted' });
    node.group.apply();
    node.memory.finishFetch();
    await turn();
    expect(node.line).toBeUndefined();
  });

  it('eviction racing a fill: lines that make room for others do not mind what is under way', async () => {
    const { node, version } = await flushed();
    const call = await node.missUnderWay();
    for (let i = 0; i < 20; i++) await node.group.put(`other ${i}`, 'v', 'me');
    node.memory.finishFetch();
    await turn();
    expect([call.answer, node.line]).toEqual(['"v" S redis', `S${version}`]);
  });

  it('is S if another node reads while it is under way', async () => {
    const { node, version } = await flushed();
    await node.missUnderWay();
    node.group.append({ kind: 'read', keys: ['k'] });
    node.memory.finishFetch();
    await turn();
    expect(node.line).toBe(`S${version}`);
  });

  it('is given up by a snapshot', async () => {
    const { node } = await flushed();
    await node.missUnderWay();
    node.group.restore();
    node.memory.finishFetch();
    await turn();
    expect(node.line).toBeUndefined();
  });

  it('shows a newer version as that, once it is settled, and does not keep it', async () => {
    const { node, version } = await flushed();
    const call = await node.missUnderWay();
    node.memory.items.set('k', itemOf(version + 10, 'newer'));
    node.memory.finishFetch();
    await turn();
    expect(call.answer).toBe('none yet');
    node.group.settle(version + 10);
    await turn();
    expect(call.answer).toBe('"newer" I redis');
    expect(node.line).toBeUndefined();
  });
});

describe('memory that does not have what the directory knows', () => {
  /** The fetch comes back, and this node is up to date. */
  async function fetched(node: OneNode): Promise<void> {
    node.memory.finishFetch();
    await turn();
    node.group.confirmReads();
    await turn();
  }

  it('has lost it: counted, dropped by an entry, and answered as absent', async () => {
    const node = new OneNode();
    const version = await node.group.putFlushed('k', 'v');
    const call = await node.missUnderWay();
    await fetched(node);
    expect(node.group.log.map(({ command }) => command)).toEqual([
      { kind: 'drop', keys: [{ key: 'k', version }], why: 'lost' },
    ]);
    node.group.apply();
    node.group.settle();
    await turn();
    expect([call.answer, node.lost]).toEqual(['absent', 1]);
  });

  it('has an older one: that is no better than none', async () => {
    const node = new OneNode();
    const version = await node.group.putFlushed('k', 'v');
    node.memory.items.set('k', itemOf(version - 1, 'old'));
    const call = await node.missUnderWay();
    await fetched(node);
    node.group.apply();
    node.group.settle();
    await turn();
    expect(call.answer).toBe('absent');
  });

  it('has lost nothing if the key was deleted or written meanwhile', async () => {
    const node = new OneNode();
    await node.group.putFlushed('k', 'v');
    const call = await node.missUnderWay();
    await node.group.put('k', 'new');
    await fetched(node);
    expect([call.answer, node.lost]).toEqual(['"new" I memory', 0]);
  });

  it('has lost nothing if this node only has not heard yet that the key was deleted', async () => {
    const node = new OneNode();
    await node.group.putFlushed('k', 'v');
    const call = await node.missUnderWay();
    node.memory.finishFetch();
    await turn();
    node.group.append({ kind: 'delete', deletes: [{ key: 'k', condition: undefined }] });
    node.group.apply();
    node.group.settle();
    node.group.confirmReads();
    await turn();
    expect([call.answer, node.lost]).toEqual(['absent', 0]);
  });

  it('cannot be reached: the caller is told so, and lines and dirty values are there all the same', async () => {
    const node = new OneNode();
    await node.group.put('dirty', 'v');
    await node.group.putFlushed('k', 'v');
    const call = await node.missUnderWay();
    node.memory.finishFetch({ kind: 'unavailable', detail: 'connection refused' });
    const dirty = node.read('dirty');
    node.group.apply();
    node.group.settle();
    await turn();
    expect([call.answer, dirty.answer]).toEqual(['memory_unavailable', '"v" S memory']);
  });
});
