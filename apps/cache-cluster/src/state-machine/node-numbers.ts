import { nodesMax } from '@quorate/mesi';
import { invariant, type NodeId } from '@quorate/raft';

export interface NumberedNode {
  readonly id: NodeId;
  /** The entry with which it last began without lines: its start, or its being given up. */
  readonly departedAt: number;
  readonly isGone: boolean;
}

/**
 * The directory knows nodes by small numbers, and these are given out by the log: a node gets one with
 * its first start. A departure is not worked into every key at once, which would be one unbounded
 * entry; it is remembered here, and seen to whenever a key is looked at.
 */
export class NodeNumbers {
  #nodes: NumberedNode[] = [];
  #lastDeparture = 0;

  /** What a snapshot keeps. */
  get list(): readonly NumberedNode[] {
    return this.#nodes;
  }

  restore(nodes: readonly NumberedNode[]): void {
    this.#nodes = [...nodes];
    this.#lastDeparture = Math.max(0, ...nodes.map(({ departedAt }) => departedAt));
  }

  /** Nobody has departed since; the usual case, told without a look at every node. */
  isCurrentSince(index: number): boolean {
    return this.#lastDeparture <= index;
  }

  numberOf(id: NodeId): number {
    const number = this.#nodes.findIndex((node) => node.id === id);
    invariant(number >= 0, 'a node has started before it says anything');
    return number;
  }

  idOf(number: number): NodeId | undefined {
    return this.#nodes[number]?.id;
  }

  started(id: NodeId, index: number): void {
    this.#set(this.#placeFor(id), { id, departedAt: index, isGone: false });
  }

  gone(id: NodeId, index: number): void {
    const number = this.#nodes.findIndex((node) => node.id === id);
    if (number >= 0) this.#set(number, { id, departedAt: index, isGone: true });
  }

  /** Everybody begins anew without lines. */
  allDeparted(index: number): void {
    for (const [number, node] of this.#nodes.entries()) {
      this.#set(number, { ...node, departedAt: index });
    }
  }

  #set(number: number, node: NumberedNode): void {
    this.#nodes[number] = node;
    this.#lastDeparture = Math.max(this.#lastDeparture, node.departedAt);
  }

  #placeFor(id: NodeId): number {
    const own = this.#nodes.findIndex((node) => node.id === id);
    if (own >= 0) return own;
    if (this.#nodes.length < nodesMax) return this.#nodes.length;
    // The number of one that is gone for good: what it stood for ended with its departure.
    const free = this.#nodes.findIndex((node) => node.isGone);
    invariant(free >= 0, `a shard has at most ${nodesMax} live nodes`);
    return free;
  }
}
