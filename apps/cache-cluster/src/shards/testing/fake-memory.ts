import { acceptsFlush, type FlushFence } from '@quorate/mesi';
import type {
  Fetched,
  FlushBatch,
  Flushed,
  Mark,
  MemoryItem,
  ShardMemory,
} from '../../memory/memory.ts';
import { jsonType } from '../../state-machine/value.ts';

export const itemOf = (version: number, text: string): MemoryItem => ({
  version,
  writtenAtMs: 0,
  deadlineMs: Infinity,
  value: { type: jsonType, bytes: Buffer.from(JSON.stringify(text)) },
});

interface Open<Ask, Answer> {
  readonly ask: Ask;
  readonly answer: (answer: Answer) => void;
}

/**
 * Memory whose every call stays under way until the test says what becomes of it. Written to, it
 * judges as the script in Redis does.
 */
export class FakeMemory implements ShardMemory {
  available = true;
  readonly items = new Map<string, MemoryItem>();
  readonly fetches: Open<readonly string[], Fetched>[] = [];
  readonly flushes: Open<FlushBatch, Flushed>[] = [];
  mark: { term: number; attempt: number } | undefined;
  #deleted = new Map<string, number>();

  fetch(keys: readonly string[]): Promise<Fetched> {
    return new Promise((answer) => void this.fetches.push({ ask: keys, answer }));
  }

  flush(batch: FlushBatch): Promise<Flushed> {
    return new Promise((answer) => void this.flushes.push({ ask: batch, answer }));
  }

  readMark(): Promise<Mark> {
    return Promise.resolve(this.mark === undefined ? 'absent' : 'present');
  }

  /** The batch arrives, whoever still waits for it. */
  land({ token, writes, markExpected }: FlushBatch): Flushed {
    if (this.mark === undefined && markExpected) return { kind: 'mark-missing' };
    const mark = this.mark ?? { term: 0, attempt: 0 };
    if (!acceptsFlush({ ...mark, version: 0 }, { ...token, version: 0 })) {
      return { kind: 'fenced', by: mark };
    }
    this.mark = token;
    const results = writes.map((write) => {
      const version = this.items.get(write.key)?.version ?? 0;
      const fence: FlushFence = { ...token, version };
      if (!acceptsFlush(fence, { ...token, version: write.version })) return 'newer' as const;
      if (write.item === undefined) {
        this.items.delete(write.key);
        this.#deleted.set(write.key, write.version);
      } else {
        this.items.set(write.key, write.item);
      }
      return 'written' as const;
    });
    return { kind: 'flushed', results };
  }

  /** The oldest batch under way arrives, and its sender hears of it. */
  finishFlush(): void {
    const open = this.flushes.shift()!;
    open.answer(this.land(open.ask));
  }

  /** The oldest fetch comes back with what is there now, or with what it saw then. */
  finishFetch(answer?: Fetched): void {
    const open = this.fetches.shift()!;
    open.answer(answer ?? { kind: 'fetched', items: open.ask.map((key) => this.items.get(key)) });
  }
}
