import { overlaps } from '@quorate/testkit';
import type { Held } from '@quorate/testkit';

export interface Hold {
  readonly client: string;
  readonly mode: string;
  readonly token: number;
}

/** Who may share, from the literature and not from the code under test. */
const compatible: Readonly<Record<string, readonly string[]>> = {
  IS: ['IS', 'IX', 'S', 'SIX', 'U'],
  IX: ['IS', 'IX'],
  S: ['IS', 'S', 'U'],
  SIX: ['IS'],
  U: ['IS', 'S'],
  X: [],
};

/**
 * When each client certainly held what it was granted, by the one clock of the test: from the moment
 * the answer was here to the end of the lease counted from when the request was *sent*. The grant lies
 * between the two, so the true lease began no later and ends no earlier.
 */
export class Holds {
  readonly all: Held<Hold>[] = [];

  add(held: Held<Hold>): void {
    this.all.push(held);
  }

  conflicts(): string[] {
    const both = overlaps(
      this.all,
      ({ what: one }, { what: other }) =>
        one.client !== other.client && !compatible[one.mode]!.includes(other.mode),
    );
    return both.map(([one, other]) => `${tell(one)} and ${tell(other)}`);
  }
}

const tell = ({ key, fromMs, toMs, what }: Held<Hold>): string =>
  `${what.client} ${what.mode} "${key}" #${what.token} [${fromMs.toFixed(1)}, ${toMs.toFixed(1)}]`;
