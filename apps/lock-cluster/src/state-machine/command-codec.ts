import { invariant, type Codec } from '@quorate/raft';
import { Packr } from 'msgpackr';
import type { KeyMode, LockCommand } from './commands.ts';
import { fencingToken, waitId } from './ids.ts';
import { modeAt, ordinalOf } from './modes.ts';

/**
 * Commands as they stand in the log: lists that begin with a tag. Tags and the order of fields are
 * for ever; a new field goes to the end, and older entries lack it.
 */
const packr = new Packr({ useRecords: false });

const tags = {
  acquire: 0,
  convert: 1,
  release: 2,
  renew: 3,
  ticket: 4,
  'cancel-ticket': 5,
  'cancel-key': 6,
  leave: 7,
  'reserve-key': 8,
  'delete-key': 9,
} as const;

type Fields =
  | readonly [
      tag: typeof tags.acquire,
      client: string,
      keys: readonly (string | number)[],
      ttlMs: number,
      waitMs: number,
      queue: boolean,
      lockDelayMs: number | null,
      call: number,
    ]
  | readonly [
      tag: typeof tags.convert,
      client: string,
      keys: readonly string[],
      mode: number,
      waitMs: number,
      call: number,
    ]
  | readonly [
      tag: typeof tags.release,
      client: string,
      keys: readonly string[],
      token: number | null,
    ]
  | readonly [
      tag: typeof tags.renew,
      client: string,
      keys: readonly string[] | null,
      ttlMs: number | null,
      token: number | null,
    ]
  | readonly [tag: typeof tags.ticket, ticket: number, waitMs: number, call: number]
  | readonly [tag: (typeof tags)['cancel-ticket'], ticket: number]
  | readonly [tag: (typeof tags)['cancel-key'], client: string, key: string]
  | readonly [tag: typeof tags.leave, client: string, keys: readonly string[], call: number]
  | readonly [tag: (typeof tags)['reserve-key'], key: string]
  | readonly [tag: (typeof tags)['delete-key'], key: string];

export const commandCodec: Codec<LockCommand> = {
  encode: (command) => packr.pack(fieldsOf(command)),
  decode: (bytes) => commandOf(packr.unpack(bytes) as Fields),
};

function fieldsOf(command: LockCommand): Fields {
  switch (command.kind) {
    case 'acquire': {
      const { client, ttlMs, waitMs, queue, lockDelayMs, call } = command;
      const keys = flatten(command.keys);
      return [tags.acquire, client, keys, ttlMs, waitMs, queue, lockDelayMs ?? null, call];
    }
    case 'convert': {
      const { client, keys, mode, waitMs, call } = command;
      return [tags.convert, client, keys, ordinalOf(mode), waitMs, call];
    }
    case 'release':
      return [tags.release, command.client, command.keys, command.token ?? null];
    case 'renew': {
      const { client, keys, ttlMs, token } = command;
      return [tags.renew, client, keys ?? null, ttlMs ?? null, token ?? null];
    }
    case 'ticket':
      return [tags.ticket, command.ticket, command.waitMs, command.call];
    case 'cancel':
      return 'ticket' in command
        ? [tags['cancel-ticket'], command.ticket]
        : [tags['cancel-key'], command.client, command.key];
    case 'leave':
      return [tags.leave, command.client, command.keys, command.call];
    case 'reserve-key':
      return [tags['reserve-key'], command.key];
    case 'delete-key':
      return [tags['delete-key'], command.key];
  }
}

function commandOf(fields: Fields): LockCommand {
  switch (fields[0]) {
    case tags.acquire: {
      const [, client, keys, ttlMs, waitMs, queue, delayMs, call] = fields;
      const base = {
        kind: 'acquire',
        client,
        keys: unflatten(keys),
        ttlMs,
        waitMs,
        queue,
      } as const;
      return delayMs === null ? { ...base, call } : { ...base, lockDelayMs: delayMs, call };
    }
    case tags.convert: {
      const [, client, keys, mode, waitMs, call] = fields;
      return { kind: 'convert', client, keys, mode: modeAt(mode), waitMs, call };
    }
    case tags.release: {
      const [, client, keys, token] = fields;
      return { kind: 'release', client, keys, ...tokenIn(token) };
    }
    case tags.renew: {
      const [, client, keys, ttlMs, token] = fields;
      const chosen = keys === null ? {} : { keys };
      const lease = ttlMs === null ? {} : { ttlMs };
      return { kind: 'renew', client, ...chosen, ...lease, ...tokenIn(token) };
    }
    case tags.ticket:
      return { kind: 'ticket', ticket: waitId(fields[1]), waitMs: fields[2], call: fields[3] };
    case tags['cancel-ticket']:
      return { kind: 'cancel', ticket: waitId(fields[1]) };
    case tags['cancel-key']:
      return { kind: 'cancel', client: fields[1], key: fields[2] };
    case tags.leave:
      return { kind: 'leave', client: fields[1], keys: fields[2], call: fields[3] };
    case tags['reserve-key']:
      return { kind: 'reserve-key', key: fields[1] };
    case tags['delete-key']:
      return { kind: 'delete-key', key: fields[1] };
    default:
      // A newer node's command: to pass over it would part this node's table from the others'.
      invariant(false, `a command of a known tag, not ${String((fields as unknown[])[0])}`);
  }
}

/** Key, mode, key, mode…: no list per key. */
function flatten(keys: readonly KeyMode[]): (string | number)[] {
  const flat: (string | number)[] = [];
  for (const { key, mode } of keys) flat.push(key, ordinalOf(mode));
  return flat;
}

function unflatten(flat: readonly (string | number)[]): KeyMode[] {
  const keys: KeyMode[] = [];
  for (let at = 0; at < flat.length; at += 2) {
    keys.push({ key: flat[at] as string, mode: modeAt(flat[at + 1] as number) });
  }
  return keys;
}

const tokenIn = (token: number | null) => (token === null ? {} : { token: fencingToken(token) });
