/** Something that was certainly so from one moment to another, in the eyes of whoever held it. */
export interface Held<T> {
  readonly key: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly what: T;
}

/** Every pair of one key that was so at once, and that `conflict` says must not be. */
export function overlaps<T>(
  held: readonly Held<T>[],
  conflict: (one: Held<T>, other: Held<T>) => boolean,
): [Held<T>, Held<T>][] {
  const byStart = held.filter(({ fromMs, toMs }) => fromMs < toMs);
  byStart.sort((one, other) => one.fromMs - other.fromMs);
  const running = new Map<string, Held<T>[]>();
  const found: [Held<T>, Held<T>][] = [];
  for (const one of byStart) {
    const still = (running.get(one.key) ?? []).filter(({ toMs }) => toMs > one.fromMs);
    for (const other of still) if (conflict(other, one)) found.push([other, one]);
    still.push(one);
    running.set(one.key, still);
  }
  return found;
}
