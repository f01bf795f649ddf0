import type { NodeLife, WaitName } from './commands.ts';
import type { ConsumerGroup } from './consumer-group.ts';
import { rankOf } from './timers.ts';

/** A consumer's place in its group's line. It ends served, out of time, or with its node's life. */
export class Wait {
  readonly kind = 'wait';
  readonly rank = rankOf.wait;
  /** The place in the line, over all groups of the shard. */
  readonly number: number;
  readonly name: WaitName;
  /** Who answers it: the life through which it was asked for last, and the number it asked under. */
  answerer: WaitName;
  readonly group: ConsumerGroup;
  readonly request: WaitRequest;
  dueAtMs: number;
  heapIndex = -1;

  constructor(
    place: { name: WaitName; answerer: WaitName; number: number; dueAtMs: number },
    group: ConsumerGroup,
    request: WaitRequest,
  ) {
    this.name = place.name;
    this.answerer = place.answerer;
    this.number = place.number;
    this.dueAtMs = place.dueAtMs;
    this.group = group;
    this.request = request;
  }
}

export interface WaitRequest {
  readonly max: number;
  readonly bytesMax: number;
  readonly visibilityMs: number;
  readonly consumer: string | undefined;
  /** How long to keep what it was given, for a caller that asks again; 0 for not at all. */
  readonly rememberMs: number;
  readonly inFlightMax: number;
}

export const waitKey = (name: WaitName): string =>
  `${name.node}/${name.incarnation}/${name.number}`;

export const lifeKey = (life: NodeLife): string => `${life.node}/${life.incarnation}`;
