import type { Condition } from '../commands.ts';

interface PlainKey {
  version: number;
  value: string;
  deadlineMs: number;
  /** Nodes that may have a line, in no order. */
  readonly sharers: Set<string>;
  owner: string | undefined;
  dirty: boolean;
}

export type PlainRead =
  | {
      readonly kind: 'found';
      readonly version: number;
      readonly state: string;
      readonly value: string | undefined;
    }
  | { readonly kind: 'absent' };

/** The cache as one would write it who has no log, no snapshots and all the time in the world. */
export class PlainModel {
  readonly keys = new Map<string, PlainKey>();
  readonly tombstones = new Map<string, number>();

  put(
    key: string,
    write: {
      readonly node: string;
      readonly value: string;
      readonly version: number;
      readonly atMs: number;
      readonly ttlMs: number | undefined;
      readonly condition: Condition | undefined;
    },
  ): object {
    const found = this.#at(key, write.atMs);
    if (!this.#holds(write.condition, found)) {
      return { kind: 'mismatch', version: found?.version ?? 0 };
    }
    this.tombstones.delete(key);
    this.keys.set(key, {
      version: write.version,
      value: write.value,
      deadlineMs: write.ttlMs === undefined ? Infinity : write.atMs + write.ttlMs,
      sharers: new Set([write.node]),
      owner: write.node,
      dirty: true,
    });
    return { kind: 'written', version: write.version, created: found === undefined };
  }

  delete(key: string, atMs: number, version: number): object {
    if (this.#at(key, atMs) === undefined) return { kind: 'absent' };
    this.drop(key, version);
    return { kind: 'deleted' };
  }

  drop(key: string, version: number): void {
    this.keys.delete(key);
    this.tombstones.set(key, version);
  }

  read(key: string, node: string, atMs: number): PlainRead {
    const found = this.#at(key, atMs);
    if (found === undefined) return { kind: 'absent' };
    found.sharers.add(node);
    found.owner = found.sharers.size === 1 ? node : undefined;
    return {
      kind: 'found',
      version: found.version,
      state: this.stateOf(found, node),
      value: found.value,
    };
  }

  stateOf(found: PlainKey, node: string): string {
    if (!found.sharers.has(node)) return 'I';
    if (found.owner !== node) return 'S';
    return found.dirty ? 'M' : 'E';
  }

  flush(key: string, version: number): void {
    if (this.tombstones.get(key) === version) this.tombstones.delete(key);
    const found = this.keys.get(key);
    if (found?.version === version) found.dirty = false;
  }

  expire(atMs: number, version: number): void {
    for (const [key, { deadlineMs }] of this.keys) if (deadlineMs <= atMs) this.drop(key, version);
  }

  depart(node: string): void {
    for (const found of this.keys.values()) {
      found.sharers.delete(node);
      if (found.owner === node) found.owner = undefined;
    }
  }

  dirty(): readonly string[] {
    const keys = [...this.keys].filter(([, one]) => one.dirty).map(([key]) => key);
    return [...keys, ...this.tombstones.keys()].sort();
  }

  #at(key: string, atMs: number): PlainKey | undefined {
    const found = this.keys.get(key);
    return found !== undefined && found.deadlineMs > atMs ? found : undefined;
  }

  #holds(condition: Condition | undefined, found: PlainKey | undefined): boolean {
    switch (condition?.kind) {
      case undefined:
        return true;
      case 'absent':
        return found === undefined;
      case 'present':
        return found !== undefined;
      case 'version-in':
        return found !== undefined && condition.versions.includes(found.version);
      case 'version-not-in':
        return found === undefined || !condition.versions.includes(found.version);
    }
  }
}
