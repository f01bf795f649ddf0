import fc from 'fast-check';
import { commandCodec } from './command-codec.ts';
import type { QueueCommand } from './commands.ts';
import { replyCodec } from './reply-codec.ts';
import { packr } from './tagged.ts';
import { anyCommand, anyReply } from './testing/arbitraries.ts';
import { noLimits } from './testing/test-shard.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31);
beforeAll(() => process.stdout.write(`the codecs of the queue: SEED=${seed}\n`));

const enqueue: QueueCommand = {
  kind: 'enqueue',
  queue: 'q',
  messages: [{ value: '1', headers: { a: 'b' } }],
  wallMs: 1,
  limits: noLimits,
};

it('reads every command as it was written', () => {
  fc.assert(
    fc.property(anyCommand, (command) => {
      expect(commandCodec.decode(commandCodec.encode(command))).toEqual(command);
    }),
    { seed, numRuns: 2_000 },
  );
});

it('reads every reply as it was written', () => {
  fc.assert(
    fc.property(anyReply, (reply) => {
      expect(replyCodec.decode(replyCodec.encode(reply))).toEqual(reply);
    }),
    { seed, numRuns: 2_000 },
  );
});

it('writes bytes that do not change when others are written', () => {
  const bytes = commandCodec.encode(enqueue);
  const before = Uint8Array.from(bytes);
  for (let i = 0; i < 10_000; i++) commandCodec.encode({ kind: 'purge', queue: `q${i}` });
  expect(bytes).toEqual(Buffer.from(before));
});

describe('a field too many', () => {
  const secrets = { apiTokens: [{ name: 'ci', token: 'secret' }], clusterSecret: 'secret' };
  const refuses = (command: object) =>
    expect(() => commandCodec.encode(command as QueueCommand)).toThrow('a field that no log holds');

  it('is refused in a command', () => refuses({ ...enqueue, clusterSecret: 'secret' }));

  it('is refused in the limits, where once a whole configuration stood', () =>
    refuses({ ...enqueue, limits: { ...noLimits, ...secrets } }));

  it('is refused in each message', () =>
    refuses({ ...enqueue, messages: [{ value: '1', ...secrets }] }));

  it('is refused in settings, receipts and letters', () => {
    refuses({ kind: 'define', queue: 'q', change: { ...secrets }, shardQueuesMax: 1 });
    refuses({ kind: 'ack', receipts: [{ shard: 0, ...secrets }] });
    refuses({ kind: 'accept-letters', fromShard: 0, letters: [{ number: 1, letter: secrets }] });
  });

  it('is refused where one value is meant and an object is given', () => {
    expect(() => commandCodec.encode({ ...enqueue, queue: secrets as unknown as string })).toThrow(
      'was handed a whole object',
    );
  });
});

describe('what another version wrote', () => {
  const written = (fields: unknown) => () => commandCodec.decode(packr.pack(fields));

  it('is refused when that version is another', () =>
    expect(written([2, 10, 'q'])).toThrow('written in version 2, this is 1'));

  it('is refused when this one does not know the kind', () =>
    expect(written([1, 99])).toThrow('no kind has the tag 99'));

  it('is refused when it has fields that this one does not know', () =>
    expect(written([1, 10, 'q', 'more'])).toThrow('fields that this version does not know'));

  it('is read when it lacks a field that came later', () =>
    expect(commandCodec.decode(packr.pack([1, 9, 'q', []]))).toMatchObject({ kind: 'define' }));
});
