import { invalidates, type BusTransactionKind } from './bus.ts';

/** What a node must do to its lines at once, before it acknowledges what it appended. */
export type LineEffect =
  | { readonly kind: 'invalidate'; readonly key: string }
  /** M or E becomes S: another node is going to read. */
  | { readonly kind: 'share'; readonly key: string }
  | { readonly kind: 'invalidate-all' };

/**
 * What may become of a value given by an entry that is applied: a line in the state that the
 * directory says, a line that is S whatever the directory says, or no line at all.
 */
export type Grant = 'line' | 'shared-line' | 'answer-only';

/** A value on its way from memory into a line, for the read that stands at `index` in the log. */
export interface Fill {
  readonly key: string;
  readonly index: number;
  readonly grant: Grant;
}

interface OpenFill extends Fill {
  grant: Grant;
}

interface SnoopedEntry {
  readonly index: number;
  readonly key: string;
  readonly isRead: boolean;
}

/** For one key: the last write or drop, and the last foreign read, among the entries not applied. */
interface Ahead {
  changeIndex: number;
  readIndex: number;
}

/**
 * One node's view of the bus: what it has appended decides which lines and fills may live.
 *
 * A value may become a line only if no write or drop of its key stands in this node's log, applied
 * or not, above the entry that gives it. Two halves make that rule: what is in the log already is
 * looked up when the entry is applied, and what comes later cancels the fills under way. A foreign
 * read above it turns the line to S in the same two ways, so that E and M are exclusive among the
 * lines that may be served.
 */
export class Snoop {
  readonly #node: number;
  /** Entries in the log that matter and are not applied yet, oldest first, from `#first` on. */
  #unapplied: SnoopedEntry[] = [];
  #first = 0;
  readonly #ahead = new Map<string, Ahead>();
  readonly #fills = new Map<string, Set<OpenFill>>();

  constructor(node: number) {
    this.#node = node;
  }

  /**
   * An entry has become part of this node's log. To be called before the append is acknowledged
   * to anybody, and before the entry can be applied.
   */
  append(entry: {
    readonly index: number;
    readonly kind: BusTransactionKind;
    readonly key: string;
    readonly node?: number;
  }): LineEffect | undefined {
    const { index, key } = entry;
    if (invalidates(entry.kind)) {
      this.#note({ index, key, isRead: false });
      this.#restrictFills(key, 'answer-only');
      return { kind: 'invalidate', key };
    }
    if (entry.kind === 'BusRd' && entry.node !== this.#node) {
      this.#note({ index, key, isRead: true });
      this.#restrictFills(key, 'shared-line');
      return { kind: 'share', key };
    }
    return undefined;
  }

  /** Everything up to `index` is applied; what that does to the lines is the applier's. */
  appliedThrough(index: number): void {
    const unapplied = this.#unapplied;
    while (this.#first < unapplied.length && unapplied[this.#first]!.index <= index) {
      const { key } = unapplied[this.#first]!;
      const ahead = this.#ahead.get(key);
      if (ahead !== undefined && ahead.changeIndex <= index && ahead.readIndex <= index) {
        this.#ahead.delete(key);
      }
      this.#first += 1;
    }
    // Cut off the dead head now and then, so that the queue costs what is in it.
    if (this.#first > 1_024 && this.#first * 2 > unapplied.length) {
      this.#unapplied = unapplied.slice(this.#first);
      this.#first = 0;
    }
  }

  /** A new leader cut the log: entries from `index` on are gone. What they invalidated stays so. */
  truncateFrom(index: number): void {
    const kept = this.#unapplied.slice(this.#first).filter((entry) => entry.index < index);
    this.#unapplied = [];
    this.#first = 0;
    this.#ahead.clear();
    for (const entry of kept) {
      this.#note(entry);
    }
  }

  /** What may become of a value of `key` that the entry at `index`, applied just now, gives. */
  grantAt(key: string, index: number): Grant {
    const ahead = this.#ahead.get(key);
    if (ahead === undefined) {
      return 'line';
    }
    if (ahead.changeIndex > index) {
      return 'answer-only';
    }
    return ahead.readIndex > index ? 'shared-line' : 'line';
  }

  /** A read at `index` was applied, and its value must be fetched from memory. */
  startFill(key: string, index: number): Fill {
    const fill: OpenFill = { key, index, grant: this.grantAt(key, index) };
    if (fill.grant !== 'answer-only') {
      const open = this.#fills.get(key);
      if (open === undefined) {
        this.#fills.set(key, new Set([fill]));
      } else {
        open.add(fill);
      }
    }
    return fill;
  }

  /** The value is here, or will not come: what may become of it now. */
  finishFill(fill: Fill): Grant {
    const open = this.#fills.get(fill.key);
    if (open?.delete(fill) === true && open.size === 0) {
      this.#fills.delete(fill.key);
    }
    return fill.grant;
  }

  /**
   * A snapshot took the place of the log up to `index`: nobody here saw the entries it passed over.
   * What stands above it was appended while the snapshot was read back, and counts as ever.
   */
  installSnapshot(index: number): LineEffect {
    this.appliedThrough(index);
    for (const key of [...this.#fills.keys()]) {
      this.#restrictFills(key, 'answer-only');
    }
    return { kind: 'invalidate-all' };
  }

  /** Fills under way that may still become lines. */
  get fillsOpen(): number {
    let open = 0;
    for (const fills of this.#fills.values()) {
      open += fills.size;
    }
    return open;
  }

  #note(entry: SnoopedEntry): void {
    this.#unapplied.push(entry);
    let ahead = this.#ahead.get(entry.key);
    if (ahead === undefined) {
      ahead = { changeIndex: 0, readIndex: 0 };
      this.#ahead.set(entry.key, ahead);
    }
    if (entry.isRead) {
      ahead.readIndex = entry.index;
    } else {
      ahead.changeIndex = entry.index;
    }
  }

  #restrictFills(key: string, grant: 'shared-line' | 'answer-only'): void {
    const open = this.#fills.get(key);
    if (open === undefined) {
      return;
    }
    for (const fill of open) {
      fill.grant = grant;
    }
    if (grant === 'answer-only') {
      this.#fills.delete(key);
    }
  }
}
