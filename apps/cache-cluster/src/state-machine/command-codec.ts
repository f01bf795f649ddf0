import type { Codec } from '@quorate/raft';
import type { CacheCommand, Condition, KeyDelete, KeyVersion, KeyWrite } from './commands.ts';
import { pack, unpack } from './packed.ts';
import { jsonType } from './value.ts';

/**
 * Commands as they stand in the log: lists that begin with a tag. Tags and the order of fields are
 * for ever; a new field goes to the end, and older entries lack it.
 */
const tags = { write: 0, delete: 1, read: 2, flush: 3, drop: 4, 'memory-lost': 5 } as const;

type ConditionRow = readonly [kind: number, versions: readonly number[] | null] | null;

type WriteRow = readonly [
  key: string,
  bytes: Uint8Array,
  /** Null for JSON, which most values are. */
  type: string | null,
  ttlMs: number | null,
  condition: ConditionRow,
];

type DeleteRow = readonly [key: string, condition: ConditionRow];

type Fields =
  | readonly [
      tag: typeof tags.write,
      writes: readonly WriteRow[],
      dirtyBytesMax: number,
      valueBytesMax: number,
      keysMax: number,
    ]
  | readonly [tag: typeof tags.delete, deletes: readonly DeleteRow[]]
  | readonly [tag: typeof tags.read, keys: readonly string[]]
  /** Keys and versions in turn. */
  | readonly [tag: typeof tags.flush, keys: readonly (string | number)[], keepValues: boolean]
  | readonly [tag: typeof tags.drop, keys: readonly (string | number)[], why: 0 | 1]
  | readonly [tag: (typeof tags)['memory-lost']];

export const commandCodec: Codec<CacheCommand> = {
  encode: (command) => pack(fieldsOf(command)),
  decode: (bytes) => commandOf(unpack(bytes) as Fields),
};

function fieldsOf(command: CacheCommand): Fields {
  switch (command.kind) {
    case 'write': {
      const { dirtyBytesMax, valueBytesMax, keysMax } = command.limits;
      return [tags.write, command.writes.map(writeRow), dirtyBytesMax, valueBytesMax, keysMax];
    }
    case 'delete':
      return [tags.delete, command.deletes.map(deleteRow)];
    case 'read':
      return [tags.read, command.keys];
    case 'flush':
      return [tags.flush, inTurn(command.keys), command.keepValues];
    case 'drop':
      return [tags.drop, inTurn(command.keys), command.why === 'evicted' ? 0 : 1];
    case 'memory-lost':
      return [tags['memory-lost']];
  }
}

function commandOf(fields: Fields): CacheCommand {
  switch (fields[0]) {
    case tags.write: {
      const [, writes, dirtyBytesMax, valueBytesMax, keysMax] = fields;
      const limits = { dirtyBytesMax, valueBytesMax, keysMax };
      return { kind: 'write', writes: writes.map(writeOf), limits };
    }
    case tags.delete:
      return { kind: 'delete', deletes: fields[1].map(deleteOf) };
    case tags.read:
      return { kind: 'read', keys: fields[1] };
    case tags.flush:
      return { kind: 'flush', keys: versionsOf(fields[1]), keepValues: fields[2] };
    case tags.drop: {
      const why = fields[2] === 0 ? 'evicted' : 'lost';
      return { kind: 'drop', keys: versionsOf(fields[1]), why };
    }
    case tags['memory-lost']:
      return { kind: 'memory-lost' };
  }
}

const writeRow = ({ key, value, ttlMs, condition }: KeyWrite): WriteRow => [
  key,
  value.bytes,
  value.type === jsonType ? null : value.type,
  ttlMs ?? null,
  conditionRow(condition),
];

const writeOf = ([key, bytes, type, ttlMs, condition]: WriteRow): KeyWrite => ({
  key,
  value: { type: type ?? jsonType, bytes },
  ttlMs: ttlMs ?? undefined,
  condition: conditionOf(condition),
});

const deleteRow = ({ key, condition }: KeyDelete): DeleteRow => [key, conditionRow(condition)];

const deleteOf = ([key, condition]: DeleteRow): KeyDelete => ({
  key,
  condition: conditionOf(condition),
});

const conditionKinds = ['absent', 'present', 'version-in', 'version-not-in'] as const;

function conditionRow(condition: Condition | undefined): ConditionRow {
  if (condition === undefined) return null;
  const kind = conditionKinds.indexOf(condition.kind);
  return [kind, 'versions' in condition ? condition.versions : null];
}

function conditionOf(row: ConditionRow): Condition | undefined {
  if (row === null) return undefined;
  const kind = conditionKinds[row[0]]!;
  if (kind === 'absent' || kind === 'present') return { kind };
  return { kind, versions: row[1] ?? [] };
}

function inTurn(keys: readonly KeyVersion[]): readonly (string | number)[] {
  const row: (string | number)[] = [];
  for (const { key, version } of keys) row.push(key, version);
  return row;
}

function versionsOf(row: readonly (string | number)[]): readonly KeyVersion[] {
  const keys: KeyVersion[] = [];
  for (let i = 0; i + 1 < row.length; i += 2) {
    keys.push({ key: row[i] as string, version: row[i + 1] as number });
  }
  return keys;
}
