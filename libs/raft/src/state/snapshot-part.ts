import type { SnapshotSink } from '../replica/state-machine.ts';

/**
 * A snapshot that is being read. It shows the state at the moment it began, whatever has changed
 * since; `take` makes the next piece when asked, so that the reader decides how fast it goes.
 */
export interface SnapshotRun {
  /**
   * The next piece of at most about 64 KiB; `undefined` when all is written. Its first byte is left
   * free for the number of the part, so that a large state is not copied once more to prepend it.
   */
  take(): Uint8Array | undefined;
  /** Pieces that wait in memory because their values changed first; `undefined` when none does. */
  takeChanged(): Uint8Array | undefined;
  /** Ends the run early; it may be called at any time. */
  cancel(): void;
}

/** A part of a state machine's state that can be written while it changes. */
export interface SnapshotPart {
  /** Begins at once; a run that was under way is cancelled. */
  snapshot(): SnapshotRun;
  /** Empties the part; pieces are then fed in the order in which they were taken, without that byte. */
  restore(): SnapshotSink;
}

/** A part so small that it is written as a whole when the snapshot begins. */
export function wholePart(part: {
  encode(): Uint8Array;
  decode(bytes: Uint8Array): void;
}): SnapshotPart {
  return {
    snapshot() {
      let piece: Uint8Array | undefined = Buffer.concat([Buffer.alloc(1), part.encode()]);
      return {
        take() {
          const taken = piece;
          piece = undefined;
          return taken;
        },
        takeChanged: () => undefined,
        cancel() {
          piece = undefined;
        },
      };
    },
    restore: () => ({ write: (piece) => part.decode(piece), end: () => undefined }),
  };
}
