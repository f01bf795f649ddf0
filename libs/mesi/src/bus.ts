/**
 * The transactions of the bus. The bus is the Raft log: its order is the order of the entries, and
 * every node snoops all of it. Nodes are numbered by their place in the group (0 to 30), so that a
 * set of them fits the bits of a number.
 */
export type BusTransaction =
  /** A miss that wants to read. */
  | { readonly kind: 'BusRd'; readonly key: string; readonly node: number }
  /** A write by a node without the line. Carries the value (in the command around it). */
  | { readonly kind: 'BusRdX'; readonly key: string; readonly node: number }
  /** A write by a sharer. It carries the value too: it may be invalidated before it is applied. */
  | { readonly kind: 'BusUpgr'; readonly key: string; readonly node: number }
  /** Memory has caught up with this version of the key. */
  | { readonly kind: 'Flush'; readonly key: string; readonly version: number }
  /** The key is gone: deleted, expired, or evicted from memory. */
  | { readonly kind: 'Drop'; readonly key: string };

export type BusTransactionKind = BusTransaction['kind'];

export const nodesMax = 31;

/** Whether the transaction changes the value, so that every line of the key must go. */
export function invalidates(kind: BusTransactionKind): boolean {
  switch (kind) {
    case 'BusRdX':
    case 'BusUpgr':
    case 'Drop':
      return true;
    case 'BusRd':
    case 'Flush':
      return false;
  }
}
