import { commandCodec } from './command-codec.ts';
import type { CacheCommand, CacheReply } from './commands.ts';
import { replyCodec } from './reply-codec.ts';
import { jsonType } from './value.ts';

const limits = { dirtyBytesMax: 1, valueBytesMax: 2 ** 40, keysMax: 3 };
const bytes = Buffer.from([1, 2, 255]);

const commands: readonly CacheCommand[] = [
  {
    kind: 'write',
    writes: [
      { key: 'ä', value: { type: jsonType, bytes }, ttlMs: undefined, condition: undefined },
      { key: 'b', value: { type: 'a/b', bytes }, ttlMs: 7, condition: { kind: 'absent' } },
    ],
    limits,
  },
  {
    kind: 'delete',
    deletes: [
      { key: 'a', condition: undefined },
      { key: 'b', condition: { kind: 'present' } },
      { key: 'c', condition: { kind: 'version-in', versions: [1, 2 ** 50] } },
      { key: 'd', condition: { kind: 'version-not-in', versions: [] } },
    ],
  },
  { kind: 'read', keys: ['a', 'b'] },
  { kind: 'flush', keys: [{ key: 'a', version: 5 }], keepValues: true },
  { kind: 'drop', keys: [{ key: 'a', version: 5 }], why: 'evicted' },
  { kind: 'drop', keys: [], why: 'lost' },
  { kind: 'memory-lost' },
];

it.each(commands)('reads a command as it was written: $kind', (command) => {
  expect(commandCodec.decode(commandCodec.encode(command))).toEqual(command);
});

it('puts what a command names into the log, and nothing that was lying beside it', () => {
  const config = { ...limits, apiTokens: 'secret-token' };
  const encoded = commandCodec.encode({ kind: 'write', writes: [], limits: config });
  expect(Buffer.from(encoded).includes('secret')).toBe(false);
});

const replies: readonly CacheReply[] = [
  {
    kind: 'written',
    results: [
      { kind: 'written', version: 9, created: true },
      { kind: 'mismatch', version: 0 },
      { kind: 'full', what: 'it' },
    ],
  },
  {
    kind: 'deleted',
    results: [{ kind: 'deleted' }, { kind: 'absent' }, { kind: 'mismatch', version: 4 }],
  },
  { kind: 'done' },
];

it.each(replies)('reads a reply as it was written: $kind', (reply) => {
  expect(replyCodec.decode(replyCodec.encode(reply))).toEqual(reply);
});
