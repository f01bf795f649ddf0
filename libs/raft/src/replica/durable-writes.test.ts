import type { DurableWrite } from '../core/effects.ts';
import { logIndex, nodeId, term } from '../core/ids.ts';
import type { Envelope, Message } from '../core/message.ts';
import type { Done, LogStore } from '../storage/log-store.ts';
import { DurableWrites } from './durable-writes.ts';

const to = nodeId('b');
const vote: Message = { kind: 'vote-answer', preVote: false, term: term(2), granted: true };
const answer: Message = {
  kind: 'append-answer',
  term: term(1),
  round: 1,
  stamp: undefined,
  result: { kind: 'matched', match: logIndex(1) },
};

const writeOf = (id: number, parts: Partial<DurableWrite>): DurableWrite => ({
  id,
  hardState: undefined,
  entries: [],
  install: undefined,
  keepSuffix: true,
  thenSend: [],
  ...parts,
});
const entries = (id: number): DurableWrite =>
  writeOf(id, {
    entries: [
      { index: logIndex(id), term: term(1), atMs: 0, kind: 'noop', payload: new Uint8Array(0) },
    ],
    thenSend: [{ to, message: answer }],
  });
const voting = (id: number): DurableWrite =>
  writeOf(id, {
    hardState: { term: term(2), vote: to },
    thenSend: [
      { to, message: vote },
      { to, message: answer },
    ],
  });

/** A store whose writes end when the test says so. */
function setUp() {
  const issued: { readonly id: number; readonly done: Done }[] = [];
  const said: string[] = [];
  const store = {
    full: false,
    write: ({ id }: DurableWrite, done: Done) => void issued.push({ id, done }),
  };
  const writes = new DurableWrites({
    store: store as unknown as LogStore,
    environment: {
      nowMs: () => 0,
      standstills: () => 0,
      random: () => 0,
      defer: () => undefined,
      send: () => true,
    },
    observer: undefined,
    persisted: (id) => said.push(`persisted ${id}`),
    send: (envelopes: readonly Envelope[]) =>
      said.push(...envelopes.map(({ message }) => message.kind)),
    full: () => said.push('full'),
    broken: ({ detail }) => said.push(`broken: ${detail}`),
  });
  const end = (id: number, kind?: 'full' | 'broken') => {
    const at = issued.findIndex((one) => one.id === id);
    const [found] = issued.splice(at, 1);
    found!.done(kind === undefined ? undefined : { kind, detail: 'disk' });
  };
  return { store, writes, issued, said, end };
}

describe('writes that are under way', () => {
  it('let go of their messages when they are durable, and report the newest', () => {
    const { writes, said, end } = setUp();
    writes.issue(entries(1));
    writes.issue(entries(2));
    expect(said).toEqual([]);
    end(1);
    end(2);
    expect(said).toEqual(['append-answer', 'persisted 1', 'append-answer', 'persisted 2']);
  });

  it('are issued again in order, under their ids, when there is room again', () => {
    const { store, writes, issued, said, end } = setUp();
    writes.issue(entries(1));
    writes.issue(entries(2));
    store.full = true;
    end(1, 'full');
    end(2, 'full');
    writes.issue(entries(3));
    writes.retry();
    expect(issued).toEqual([]);
    store.full = false;
    writes.retry();
    expect(issued.map(({ id }) => id)).toEqual([1, 2, 3]);
    for (const id of [1, 2, 3]) end(id);
    expect(said.filter((word) => word.startsWith('persisted'))).toEqual([
      'persisted 1',
      'persisted 2',
      'persisted 3',
    ]);
  });

  it('let a vote pass what was refused, but do not vouch for what stands before it', () => {
    const { store, writes, said, end } = setUp();
    writes.issue(entries(1));
    store.full = true;
    end(1, 'full');
    writes.issue(voting(2));
    end(2);
    expect(said).toEqual(['full', 'vote-answer']);
    store.full = false;
    writes.retry();
    end(1);
    expect(said.slice(2)).toEqual(['append-answer', 'append-answer', 'persisted 2']);
  });

  it('are over when the store is broken', () => {
    const { writes, said, end } = setUp();
    writes.issue(entries(1));
    end(1, 'broken');
    expect(said).toEqual(['broken: disk']);
  });
});
