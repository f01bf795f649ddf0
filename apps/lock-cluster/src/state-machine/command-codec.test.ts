import { pack } from 'msgpackr';
import { commandCodec } from './command-codec.ts';
import type { AcquireCommand, LockCommand } from './commands.ts';
import { fencingToken, waitId } from './ids.ts';
import { modes } from './modes.ts';

const acquire: AcquireCommand = {
  kind: 'acquire',
  client: 'c',
  keys: modes.map((mode) => ({ key: `k-${mode}`, mode })),
  ttlMs: 1,
  waitMs: 2,
  queue: true,
  lockDelayMs: 3,
  call: 4,
};

const commands: readonly LockCommand[] = [
  acquire,
  { kind: 'convert', client: 'c', keys: ['k', 'l'], mode: 'SIX', waitMs: 1, call: 2 },
  { kind: 'release', client: 'c', keys: ['k'] },
  { kind: 'release', client: 'c', keys: ['k'], token: fencingToken(7) },
  { kind: 'renew', client: 'c' },
  { kind: 'renew', client: 'c', keys: ['k'], ttlMs: 5, token: fencingToken(7) },
  { kind: 'ticket', ticket: waitId(3), waitMs: 1, call: 2 },
  { kind: 'cancel', ticket: waitId(3) },
  { kind: 'cancel', client: 'c', key: 'k' },
  { kind: 'leave', client: 'c', keys: ['k'], call: 9 },
  { kind: 'reserve-key', key: 'k' },
  { kind: 'delete-key', key: 'k' },
];

it.each(commands)('brings back what was written: $kind', (command) => {
  expect(commandCodec.decode(commandCodec.encode(command))).toEqual(command);
});

it('writes nothing of what else may hang on to a command, at any depth', () => {
  const config = { apiTokens: [{ name: 'ci', token: 'secret' }], clusterSecret: 'secret' };
  for (const command of commands) {
    const laden = { ...config, config, ...command };
    expect(Buffer.from(commandCodec.encode(laden)).includes('secret')).toBe(false);
  }
  const keys = acquire.keys.map((one) => ({ ...one, config }));
  expect(Buffer.from(commandCodec.encode({ ...acquire, keys })).includes('secret')).toBe(false);
});

it('refuses what it does not know instead of taking it for something else', () => {
  expect(() => commandCodec.decode(pack([10, 'k']))).toThrow(/known tag/);
  expect(() => commandCodec.decode(pack([0, 'c', ['k', 6], 1, 0, false, null, 1]))).toThrow(
    /known number/,
  );
});
