import { nodeId, type NodeId } from '../core/ids.ts';
import { type SnapshotPart, wholePart } from '../state/snapshot-part.ts';
import type { Origin } from './state-machine.ts';

/**
 * Which life of each node the cluster knows, and which of that life's proposals have been applied.
 * It is replicated: every node takes the same entries in the same order and finds the same.
 *
 * A node numbers its proposals. It may hand one over again whenever it is not sure what became of it
 * (the link broke, no answer came, the leader changed), because the second copy is passed over here:
 * each sequence is applied once in the life of its node (dissertation §6.3, with nodes for clients).
 * What a former life proposed and comes late is passed over altogether: nobody waits for its reply,
 * and a wait it asked for would be granted unseen.
 */
interface Session {
  incarnation: number;
  /** The leader gave this life up; the next entry that it proposes brings it back. */
  gone: boolean;
  /** All below was applied or will never be proposed again. */
  floor: number;
  /** What was applied at or above the floor; nearly always empty or tiny. */
  readonly above: Set<number>;
}

export type Witnessed = 'known' | 'started' | 'former-life';

export class Sessions {
  readonly #byNode = new Map<NodeId, Session>();

  /** Takes note of an entry's origin: `started` when it begins a life, or returns from being gone. */
  witness(origin: Origin): Witnessed {
    const session = this.#byNode.get(origin.node);
    if (session === undefined || session.incarnation < origin.incarnation) {
      this.#byNode.set(origin.node, newSession(origin.incarnation));
      return 'started';
    }
    if (session.incarnation > origin.incarnation) return 'former-life';
    if (!session.gone) return 'known';
    session.gone = false;
    return 'started';
  }

  /** True the first time a sequence comes; the origin must have been witnessed. */
  admit(origin: Origin, sequence: number, floor: number): boolean {
    const session = this.#byNode.get(origin.node);
    if (session?.incarnation !== origin.incarnation) return false;
    if (floor > session.floor) raiseFloor(session, floor);
    if (sequence < session.floor || session.above.has(sequence)) return false;
    if (sequence === session.floor) raiseFloor(session, sequence + 1);
    else session.above.add(sequence);
    return true;
  }

  /** Whether a proposal of this life was applied, as far as this state reaches. */
  wasApplied(origin: Origin, sequence: number): boolean {
    const session = this.#byNode.get(origin.node);
    if (session?.incarnation !== origin.incarnation) return false;
    return sequence < session.floor || session.above.has(sequence);
  }

  /** False when that life was already given up or has ended. */
  giveUp(life: Origin): boolean {
    const session = this.#byNode.get(life.node);
    if (session?.incarnation !== life.incarnation || session.gone) return false;
    session.gone = true;
    return true;
  }

  get(node: NodeId): { readonly incarnation: number; readonly gone: boolean } | undefined {
    return this.#byNode.get(node);
  }

  part(): SnapshotPart {
    return wholePart({
      encode: () =>
        Buffer.from(
          JSON.stringify(
            [...this.#byNode].map(([node, { incarnation, gone, floor, above }]) => ({
              node,
              incarnation,
              gone,
              floor,
              above: [...above],
            })),
          ),
        ),
      decode: (bytes) => {
        this.#byNode.clear();
        for (const saved of JSON.parse(Buffer.from(bytes).toString()) as SavedSession[]) {
          const { incarnation, gone, floor, above } = saved;
          this.#byNode.set(nodeId(saved.node), { incarnation, gone, floor, above: new Set(above) });
        }
      },
    });
  }
}

interface SavedSession {
  readonly node: string;
  readonly incarnation: number;
  readonly gone: boolean;
  readonly floor: number;
  readonly above: readonly number[];
}

const newSession = (incarnation: number): Session => ({
  incarnation,
  gone: false,
  floor: 1,
  above: new Set(),
});

function raiseFloor(session: Session, floor: number): void {
  session.floor = floor;
  if (session.above.size === 0) return;
  for (const sequence of session.above) {
    if (sequence < floor) session.above.delete(sequence);
  }
  // The floor may run on through what was applied out of order.
  while (session.above.delete(session.floor)) session.floor += 1;
}
