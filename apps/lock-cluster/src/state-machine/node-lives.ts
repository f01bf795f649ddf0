import { nodeId, type NodeId } from '@quorate/raft';
import type { Caller } from './events.ts';

interface Life {
  readonly incarnation: number;
  readonly gone: boolean;
}

/** What the log has said about the nodes where callers are parked. */
export class NodeLives {
  readonly #lives = new Map<NodeId, Life>();

  started(node: NodeId, incarnation: number): void {
    this.#lives.set(node, { incarnation, gone: false });
  }

  /** A node whose beginning was never told is gone with whatever life it had. */
  gone(node: NodeId): void {
    const incarnation = this.#lives.get(node)?.incarnation ?? Number.MAX_SAFE_INTEGER;
    this.#lives.set(node, { incarnation, gone: true });
  }

  isGone(caller: Caller): boolean {
    const life = this.#lives.get(caller.node);
    if (life === undefined) return false;
    return life.gone
      ? caller.incarnation <= life.incarnation
      : caller.incarnation < life.incarnation;
  }

  save(): readonly SavedLife[] {
    return [...this.#lives].map(([node, { incarnation, gone }]) => [node, incarnation, gone]);
  }

  load(saved: readonly SavedLife[]): void {
    this.#lives.clear();
    for (const [node, incarnation, gone] of saved) {
      this.#lives.set(nodeId(node), { incarnation, gone });
    }
  }
}

export type SavedLife = readonly [node: string, incarnation: number, gone: boolean];
