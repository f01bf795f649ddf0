import { Ledger } from '../chaos/ledger.ts';
import type { Delivery, Published } from '../chaos/ledger.ts';

const exempt = { mortal: 'mortal', purged: 'purged', poison: 'poison', deadLetters: 'dead' };

/** A storm that finds nothing proves nothing unless its checks would have found something. */
describe('the ledger of a storm', () => {
  let ledger: Ledger;
  beforeEach(() => (ledger = new Ledger(exempt)));

  const publish = (id: string, more: Partial<Published> = {}): void => {
    const published = { id, queue: 'q', key: undefined, sentMs: 0, ...more };
    ledger.published.set(id, { result: 'acknowledged', ...published });
  };

  const deliver = (id: string, atMs: number, more: Partial<Delivery> = {}): Delivery => {
    const delivery: Delivery = {
      id,
      queue: 'q',
      msgId: `m-${id}`,
      receipt: `${id}@${atMs}`,
      node: 'a',
      sentMs: atMs - 1,
      receivedMs: atMs,
      leaseUntilMs: atMs + 1_000,
      settledMs: undefined,
      ackAskedMs: undefined,
      ackedMs: undefined,
      ...more,
    };
    ledger.deliveries.push(delivery);
    return delivery;
  };

  const acked = (atMs: number): Partial<Delivery> => ({
    settledMs: atMs,
    ackAskedMs: atMs,
    ackedMs: atMs + 1,
  });

  const broken = (): string[] =>
    ledger
      .judge()
      .filter(({ violations }) => violations.length > 0)
      .map(({ name }) => name);

  it('finds nothing wrong with what was published, given once and acked', () => {
    publish('one');
    deliver('one', 10, acked(20));
    expect(broken()).toEqual([]);
  });

  it('misses what was never acked, unless it may expire or was purged after it was sent', () => {
    publish('lost');
    expect(broken()).toEqual([expect.stringContaining('nothing acknowledged is lost')]);
    ledger.published.clear();
    publish('expired', { queue: 'mortal' });
    publish('purged', { queue: 'purged', sentMs: 5 });
    ledger.purges.push({ doneMs: 6 });
    expect(broken()).toEqual([]);
    publish('later', { queue: 'purged', sentMs: 7 });
    expect(broken()).toHaveLength(1);
  });

  it('wonders at what nobody published, and at what was refused', () => {
    publish('refused', { result: 'refused' });
    deliver('ghost', 10, acked(20));
    deliver('refused', 10, acked(20));
    expect(broken()).toEqual(['nothing unexpected is delivered']);
  });

  it('sees one enqueue that became two messages', () => {
    publish('one');
    deliver('one', 10, acked(20));
    deliver('one', 10, { ...acked(20), msgId: 'another' });
    expect(broken()).toEqual([expect.stringContaining('no enqueue takes effect twice')]);
  });

  it('sees what comes again after its ack', () => {
    publish('one');
    deliver('one', 10, acked(20));
    deliver('one', 30, acked(40));
    expect(broken()).toEqual(['what is acked never comes again']);
  });

  it('sees a message given while the one before it of its key is out', () => {
    publish('one', { key: 'k', sentMs: 1 });
    publish('two', { key: 'k', sentMs: 2 });
    deliver('one', 10, acked(20));
    deliver('two', 15, acked(25));
    expect(broken()).toEqual([expect.stringContaining('in their order')]);
  });

  it('sees two live receipts, and excuses a lease whose node was lost right after it', () => {
    publish('one');
    deliver('one', 10_000);
    deliver('one', 10_500, { node: 'b', ...acked(10_600) });
    expect(broken()).toEqual(['no message has two live receipts']);
    const fault = { told: 'kill', heal: () => Promise.resolve() };
    ledger.faulted({ ...fault, nodes: ['b'] }, 10_100);
    expect(broken()).toHaveLength(1);
    ledger.faulted({ ...fault, nodes: ['a'] }, 10_100);
    expect(broken()).toEqual([]);
  });
});
