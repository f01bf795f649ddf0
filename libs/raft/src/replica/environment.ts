import type { NodeId } from '../core/ids.ts';
import type { PeerMessage } from './peer-message.ts';

/**
 * Everything a replica needs of the world. The real one stands on Node's timers and links; the
 * simulated one on a virtual clock, so that the very driver that runs in production is simulated.
 */
export interface Environment {
  /** Monotonic milliseconds, with fractions. */
  nowMs(): number;
  /**
   * How often that clock was found to have stood still while time went on, as it does while a machine
   * sleeps. Asked before every use of a lease, so it must cost little.
   */
  standstills(): number;
  random(): number;
  /** Runs after the present turn, once the inputs that wait now have been taken in. */
  defer(run: () => void): void;
  /** False: not sent (no link, or its buffer is full). Nothing is ever sent twice. */
  send(to: NodeId, message: PeerMessage): boolean;
}
