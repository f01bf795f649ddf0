import type { SnapshotSink } from '../replica/state-machine.ts';
import { invariant } from '../core/invariant.ts';
import type { SnapshotPart, SnapshotRun } from './snapshot-part.ts';

/**
 * Several parts as one snapshot: all begin at the same moment and are written one after another.
 * Before each piece, what changed in *any* part is written first, so that a part whose turn is far
 * off does not pile up old values in memory. Each piece begins with its part's number.
 *
 * A state machine made of parts has its `snapshot` and `restore` from here.
 */
export class SnapshotParts {
  readonly #parts: readonly SnapshotPart[];

  constructor(parts: readonly SnapshotPart[]) {
    invariant(parts.length <= 256, 'the number of a part is one byte');
    this.#parts = parts;
  }

  snapshot(): IterableIterator<Uint8Array> {
    // Not a generator: its body would run at the first `next`, and the moment that counts is now.
    const runs = this.#parts.map((part) => part.snapshot());
    const iterator: IterableIterator<Uint8Array> = {
      next: () => {
        const value = takeNext(runs);
        return value === undefined ? { done: true, value: undefined } : { done: false, value };
      },
      return: () => {
        for (const run of runs) run.cancel();
        return { done: true, value: undefined };
      },
      [Symbol.iterator]: () => iterator,
    };
    return iterator;
  }

  restore(): SnapshotSink {
    const sinks = this.#parts.map((part) => part.restore());
    return {
      write(piece) {
        const sink = sinks[piece[0] ?? 0];
        invariant(sink !== undefined && piece.length > 0, 'a piece names a part of this state');
        sink.write(piece.subarray(1));
      },
      end() {
        for (const sink of sinks) sink.end();
      },
    };
  }
}

function takeNext(runs: readonly SnapshotRun[]): Uint8Array | undefined {
  for (const [part, run] of runs.entries()) {
    const piece = run.takeChanged();
    if (piece !== undefined) return numbered(part, piece);
  }
  for (const [part, run] of runs.entries()) {
    const piece = run.take();
    if (piece !== undefined) return numbered(part, piece);
  }
  return undefined;
}

function numbered(part: number, piece: Uint8Array): Uint8Array {
  piece[0] = part;
  return piece;
}
