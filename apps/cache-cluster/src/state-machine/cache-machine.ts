import {
  SnapshotParts,
  wholePart,
  type Applied,
  type AppliedAt,
  type Notice,
  type SnapshotSink,
  type StateMachine,
} from '@quorate/raft';
import { pack, unpack } from './packed.ts';
import type { CacheCommand, CacheEvent, CacheReply } from './commands.ts';
import { readKey } from './read.ts';
import { nodeRow, type LooseRecord } from './records.ts';
import { ShardState } from './shard-state.ts';
import { dropKeys, expireDue, noteFlushed, noteLoss } from './upkeep.ts';
import { deleteKey, writeKey } from './write.ts';

/** The directory of one shard, folded from its log. Each command is one entry, and happens whole. */
export class CacheMachine implements StateMachine<CacheCommand, CacheReply, CacheEvent> {
  #state = new ShardState();
  #parts = partsOf(this.#state);

  /** To be read only, after a read barrier. */
  get state(): ShardState {
    return this.#state;
  }

  apply(command: CacheCommand, at: AppliedAt): Applied<CacheReply, CacheEvent> {
    this.#state.advance(at);
    const reply = execute(this.#state, command, at);
    return { reply, events: this.#state.takeEvents() };
  }

  notice(notice: Notice, at: AppliedAt): readonly CacheEvent[] {
    const state = this.#state;
    state.advance(at);
    switch (notice.kind) {
      case 'clock':
        expireDue(state, at);
        break;
      case 'node-started':
        if (state.name === '') state.name = `${notice.node}-${notice.incarnation}`;
        state.nodes.started(notice.node, at.index);
        state.events.push({ kind: 'departed', node: notice.node });
        break;
      case 'node-gone':
        state.nodes.gone(notice.node, at.index);
        state.events.push({ kind: 'departed', node: notice.node });
        break;
    }
    return state.takeEvents();
  }

  nextDeadline(): number | undefined {
    return this.#state.deadlines.first?.deadlineMs;
  }

  snapshot(): Iterable<Uint8Array> {
    return this.#parts.snapshot();
  }

  restore(): SnapshotSink {
    const state = new ShardState();
    this.#state = state;
    this.#parts = partsOf(state);
    const sink = this.#parts.restore();
    return {
      write: (piece) => sink.write(piece),
      end() {
        sink.end();
        state.rebuild();
      },
    };
  }
}

function execute(state: ShardState, command: CacheCommand, at: AppliedAt): CacheReply {
  switch (command.kind) {
    case 'write': {
      const { writes, limits } = command;
      return { kind: 'written', results: writes.map((one) => writeKey(state, one, limits, at)) };
    }
    case 'delete':
      return { kind: 'deleted', results: command.deletes.map((one) => deleteKey(state, one, at)) };
    case 'read':
      return { kind: 'read', results: command.keys.map((key) => readKey(state, key, at)) };
    case 'flush':
      noteFlushed(state, command.keys, command.keepValues);
      return done;
    case 'drop':
      dropKeys(state, command, at);
      return done;
    case 'memory-lost':
      noteLoss(state, at);
      return done;
  }
}

const done = { kind: 'done' } as const;

function partsOf(state: ShardState): SnapshotParts {
  const loose = wholePart({
    encode: () =>
      pack({
        name: state.name,
        index: state.index,
        atMs: state.atMs,
        hasFlushed: state.hasFlushed,
        nodes: state.nodes.list.map(nodeRow),
      } satisfies LooseRecord),
    decode(bytes) {
      const { name, index, atMs, hasFlushed, nodes } = unpack(bytes) as LooseRecord;
      state.name = name;
      state.advance({ index, atMs });
      state.hasFlushed = hasFlushed;
      state.nodes.restore(nodes.map(([id, departedAt, isGone]) => ({ id, departedAt, isGone })));
    },
  });
  return new SnapshotParts([loose, state.keys]);
}
