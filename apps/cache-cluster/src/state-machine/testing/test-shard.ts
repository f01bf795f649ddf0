import { logIndex, nodeId, type AppliedAt, type NodeId, type Notice } from '@quorate/raft';
import { CacheMachine } from '../cache-machine.ts';
import { commandCodec } from '../command-codec.ts';
import type {
  CacheCommand,
  CacheEvent,
  CacheReply,
  Condition,
  DeleteResult,
  ReadResult,
  WriteLimits,
  WriteResult,
} from '../commands.ts';

export const noLimits: WriteLimits = { dirtyBytesMax: 1e12, valueBytesMax: 1e12, keysMax: 1e9 };

const text = new TextEncoder();

export const valueOf = (value: string) => ({ type: 'text/plain', bytes: text.encode(value) });
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

interface PutOptions {
  readonly node?: string;
  readonly ttlMs?: number | undefined;
  readonly condition?: Condition | undefined;
  readonly limits?: Partial<WriteLimits>;
}

/** One shard with a clock that the test moves, and shorthands for commands. */
export class TestShard {
  machine = new CacheMachine();
  atMs = 0;
  index = 0;
  events: CacheEvent[] = [];

  constructor(nodes: readonly string[] = ['a', 'b', 'c']) {
    for (const id of nodes) {
      this.notice({ kind: 'node-started', node: nodeId(id), incarnation: 1 });
    }
    this.takeEvents();
  }

  get state() {
    return this.machine.state;
  }

  /** As it comes off the log: encoded, decoded, and the bytes gone afterwards. */
  apply(command: CacheCommand, node = 'a'): CacheReply {
    const bytes = commandCodec.encode(command);
    const { reply, events } = this.machine.apply(
      commandCodec.decode(bytes),
      this.#at(nodeId(node)),
    );
    bytes.fill(0);
    this.events.push(...events);
    return reply;
  }

  notice(notice: Notice): void {
    this.events.push(...this.machine.notice(notice, this.#at(nodeId('a'))));
  }

  put(key: string, value: string, options: PutOptions = {}): WriteResult {
    const { node, ttlMs, condition, limits } = options;
    const write = { key, value: valueOf(value), ttlMs, condition };
    const reply = this.apply(
      { kind: 'write', writes: [write], limits: { ...noLimits, ...limits } },
      node,
    );
    return (reply as { readonly results: readonly WriteResult[] }).results[0]!;
  }

  read(key: string, node = 'a'): ReadResult {
    const reply = this.apply({ kind: 'read', keys: [key] }, node);
    return (reply as { readonly results: readonly ReadResult[] }).results[0]!;
  }

  delete(key: string, condition?: Condition): DeleteResult {
    const reply = this.apply({ kind: 'delete', deletes: [{ key, condition }] });
    return (reply as { readonly results: readonly DeleteResult[] }).results[0]!;
  }

  /** Memory has caught up with all there is. */
  flush(keepValues = true): void {
    const keys = [...this.state.dirty.values()].map(({ key, entry }) => ({
      key,
      version: entry.version,
    }));
    this.apply({ kind: 'flush', keys, keepValues });
  }

  /** Lets time pass, and the clock's entries do all that is due; says how many it took. */
  pass(ms: number): number {
    this.atMs += ms;
    for (let entries = 0; entries < 10_000; entries++) {
      if ((this.machine.nextDeadline() ?? Infinity) > this.atMs) return entries;
      this.notice({ kind: 'clock' });
    }
    throw new Error('what is due never ends');
  }

  takeEvents(): readonly CacheEvent[] {
    const taken = this.events;
    this.events = [];
    return taken;
  }

  snapshot(): readonly Uint8Array[] {
    return [...this.machine.snapshot()].map((piece) => Uint8Array.from(piece));
  }

  /** Goes on with a copy made from a snapshot; what happens while it is read is not in it. */
  restart(meanwhile: () => void = () => undefined): void {
    const before = { index: this.index, atMs: this.atMs };
    const pieces: Uint8Array[] = [];
    const reading = this.machine.snapshot()[Symbol.iterator]();
    meanwhile();
    for (let next = reading.next(); next.done !== true; next = reading.next()) {
      pieces.push(Uint8Array.from(next.value));
    }
    this.machine = restored(pieces);
    Object.assign(this, before);
  }

  #at(node: NodeId): AppliedAt {
    this.index += 1;
    return { index: logIndex(this.index), atMs: this.atMs, origin: { node, incarnation: 1 } };
  }
}

export function restored(pieces: Iterable<Uint8Array>): CacheMachine {
  const machine = new CacheMachine();
  const sink = machine.restore();
  for (const piece of pieces) {
    // The store's buffer is used again.
    const lent = Uint8Array.from(piece);
    sink.write(lent);
    lent.fill(0xff);
  }
  sink.end();
  return machine;
}
