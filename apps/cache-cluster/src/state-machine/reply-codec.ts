import { invariant, type Codec } from '@quorate/raft';
import type { CacheReply, DeleteResult, WriteResult } from './commands.ts';
import { pack, unpack } from './packed.ts';

/** As in the log: the first replies to requests with an id are kept, and stand in snapshots. */
const tags = { written: 0, deleted: 1, done: 2 } as const;

type WriteRow =
  | readonly [kind: 0, version: number, created: boolean]
  | readonly [kind: 1, version: number]
  | readonly [kind: 2, what: string];

type DeleteRow = readonly [kind: 0 | 1] | readonly [kind: 2, version: number];

type Fields =
  | readonly [tag: typeof tags.written, results: readonly WriteRow[]]
  | readonly [tag: typeof tags.deleted, results: readonly DeleteRow[]]
  | readonly [tag: typeof tags.done];

export const replyCodec: Codec<CacheReply> = {
  encode: (reply) => pack(fieldsOf(reply)),
  decode: (bytes) => replyOf(unpack(bytes) as Fields),
};

function fieldsOf(reply: CacheReply): Fields {
  // A read changes nothing, so it needs no id to be repeated, and no reply of one is kept.
  invariant(reply.kind !== 'read', 'the reply to a read is never kept');
  switch (reply.kind) {
    case 'written':
      return [tags.written, reply.results.map(writeRow)];
    case 'deleted':
      return [tags.deleted, reply.results.map(deleteRow)];
    case 'done':
      return [tags.done];
  }
}

function replyOf(fields: Fields): CacheReply {
  switch (fields[0]) {
    case tags.written:
      return { kind: 'written', results: fields[1].map(writeResult) };
    case tags.deleted:
      return { kind: 'deleted', results: fields[1].map(deleteResult) };
    case tags.done:
      return { kind: 'done' };
  }
}

function writeRow(result: WriteResult): WriteRow {
  switch (result.kind) {
    case 'written':
      return [0, result.version, result.created];
    case 'mismatch':
      return [1, result.version];
    case 'full':
      return [2, result.what];
  }
}

function writeResult(row: WriteRow): WriteResult {
  switch (row[0]) {
    case 0:
      return { kind: 'written', version: row[1], created: row[2] };
    case 1:
      return { kind: 'mismatch', version: row[1] };
    case 2:
      return { kind: 'full', what: row[1] };
  }
}

function deleteRow(result: DeleteResult): DeleteRow {
  switch (result.kind) {
    case 'deleted':
      return [0];
    case 'absent':
      return [1];
    case 'mismatch':
      return [2, result.version];
  }
}

function deleteResult(row: DeleteRow): DeleteResult {
  switch (row[0]) {
    case 0:
      return { kind: 'deleted' };
    case 1:
      return { kind: 'absent' };
    case 2:
      return { kind: 'mismatch', version: row[1] };
  }
}
