/** What whoever runs the node should hear of; the service logs it and counts it. */
export type StorageReport =
  /** The last write of a former life was not whole, and nothing acknowledged was in it. */
  | {
      readonly kind: 'torn-tail-cut';
      readonly file: string;
      readonly offset: number;
      readonly bytes: number;
    }
  | { readonly kind: 'full'; readonly detail: string }
  | { readonly kind: 'room-again' }
  | { readonly kind: 'broken'; readonly detail: string }
  | { readonly kind: 'snapshot-damaged'; readonly file: string; readonly offset: number }
  | { readonly kind: 'lock-taken-over'; readonly detail: string }
  /** A store that is not on this machine does not answer; writes wait. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** A write whose answer was lost has been looked up: it was there, or it was issued again. */
  | { readonly kind: 'outcome-resolved'; readonly written: boolean }
  /** Something that can wait failed (dropping an old file); it is tried again with the next. */
  | { readonly kind: 'postponed'; readonly detail: string };

export type OnStorageReport = (report: StorageReport) => void;

/** The store does not open: going on would lose something. The message says what to do. */
export class StorageRefusal extends Error {
  override readonly name = 'StorageRefusal';
  readonly file: string;
  readonly offset: number | undefined;

  constructor(file: string, offset: number | undefined, why: string, advice: string) {
    super(`${file}${offset === undefined ? '' : ` at offset ${offset}`}: ${why}. ${advice}`);
    this.file = file;
    this.offset = offset;
  }
}

export const replaceNode =
  'Restore the directory from a copy of this very node, or replace the node: remove its data and ' +
  'let it join under a new node id (an emptied node must not come back under its old id, for it ' +
  'has forgotten its votes)';
