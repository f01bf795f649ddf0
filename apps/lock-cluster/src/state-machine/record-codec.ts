import { nodeId } from '@quorate/raft';
import { Packr } from 'msgpackr';
import type { Caller } from './events.ts';
import { fencingToken, waitId, type WaitId } from './ids.ts';
import { modeAt, ordinalOf, type Mode } from './modes.ts';
import type { Client, Delay, Hold, Lock, Place, Ticket, Wait } from './records.ts';

/**
 * Records as they stand in a snapshot: lists of fields, in an order that never changes (a new field
 * goes to the end and is optional). Places belong to their wait and are written with it.
 */
const packr = new Packr({ useRecords: false });

export const packed = (value: unknown): Uint8Array => packr.pack(value);
export const unpacked = (bytes: Uint8Array): unknown => packr.unpack(bytes);

/** Where restored records find what they belong to. */
export interface Owners {
  lock(key: string): Lock;
  client(id: string): Client;
  takeSerial(): number;
  readonly tickets: { get(id: WaitId): Ticket | undefined };
}

type PackedCaller = readonly [node: string, incarnation: number, call: number, untilMs: number];

const packCaller = (caller: Caller): PackedCaller => [
  caller.node,
  caller.incarnation,
  caller.call,
  caller.untilMs,
];

const unpackCaller = ([node, incarnation, call, untilMs]: PackedCaller): Caller => ({
  node: nodeId(node),
  incarnation,
  call,
  untilMs,
});

type PackedHold = readonly [
  serial: number,
  key: string,
  client: string,
  mode: number,
  token: number,
  ttlMs: number,
  lockDelayMs: number,
  dueMs: number,
  caller: PackedCaller | null,
  ticket: number | null,
  former: readonly [mode: number, token: number] | null,
];

export function encodeHold(hold: Hold): Uint8Array {
  const { caller, ticket, former } = hold;
  const fields: PackedHold = [
    hold.serial,
    hold.lock.key,
    hold.client.id,
    ordinalOf(hold.mode),
    hold.token,
    hold.ttlMs,
    hold.lockDelayMs,
    hold.dueMs,
    caller === undefined ? null : packCaller(caller),
    ticket === undefined ? null : ticket.id,
    former === undefined ? null : [ordinalOf(former.mode), former.token],
  ];
  return packed(fields);
}

export function decodeHold(bytes: Uint8Array, owners: Owners): Hold {
  const fields = unpacked(bytes) as PackedHold;
  const [serial, key, client, mode, token, ttlMs, lockDelayMs, dueMs, caller, ticket, former] =
    fields;
  return {
    kind: 'hold',
    serial,
    lock: owners.lock(key),
    client: owners.client(client),
    mode: modeAt(mode),
    token: fencingToken(token),
    ttlMs,
    lockDelayMs,
    dueMs,
    heapIndex: -1,
    caller: caller === null ? undefined : unpackCaller(caller),
    ticket: ticket === null ? undefined : owners.tickets.get(waitId(ticket)),
    former:
      former === null ? undefined : { mode: modeAt(former[0]), token: fencingToken(former[1]) },
  };
}

type PackedPlace = readonly [
  key: string,
  mode: number,
  converts: boolean,
  first: boolean,
  order: number,
];

type PackedWait = readonly [
  serial: number,
  id: number,
  client: string,
  exact: boolean,
  ttlMs: number | null,
  lockDelayMs: number | null,
  callers: readonly PackedCaller[],
  askByMs: number | null,
  suspended: boolean,
  dueMs: number,
  places: readonly PackedPlace[],
];

export function encodeWait(wait: Wait): Uint8Array {
  const fields: PackedWait = [
    wait.serial,
    wait.id,
    wait.client.id,
    wait.exact,
    wait.ttlMs ?? null,
    wait.lockDelayMs ?? null,
    wait.callers.map(packCaller),
    wait.askByMs ?? null,
    wait.suspended,
    wait.dueMs,
    wait.places.map(({ lock, mode, converts, first, order }) => [
      lock.key,
      ordinalOf(mode),
      converts,
      first,
      order,
    ]),
  ];
  return packed(fields);
}

export function decodeWait(bytes: Uint8Array, owners: Owners): Wait {
  const fields = unpacked(bytes) as PackedWait;
  const [serial, id, client, exact, ttlMs, lockDelayMs, callers, askByMs, suspended, dueMs] =
    fields;
  const places: Place[] = [];
  const wait: Wait = {
    kind: 'wait',
    serial,
    id: waitId(id),
    client: owners.client(client),
    places,
    exact,
    ttlMs: ttlMs ?? undefined,
    lockDelayMs: lockDelayMs ?? undefined,
    callers: callers.map(unpackCaller),
    askByMs: askByMs ?? undefined,
    suspended,
    dueMs,
    heapIndex: -1,
  };
  for (const [key, mode, converts, first, order] of fields[10]) {
    const place = newPlace(wait, owners.lock(key), { mode: modeAt(mode), converts });
    place.first = first;
    place.order = order;
    places.push(place);
  }
  return wait;
}

/** A place that stands nowhere yet. */
export function newPlace(
  wait: Wait,
  lock: Lock,
  { mode, converts }: { readonly mode: Mode; readonly converts: boolean },
): Place {
  return {
    wait,
    lock,
    mode,
    converts,
    first: converts,
    order: Infinity,
    standing: false,
    ahead: undefined,
    behind: undefined,
    sibling: undefined,
    entwined: false,
  };
}

type PackedTicket = readonly [serial: number, id: number, client: string, dueMs: number | null];

export function encodeTicket({ serial, id, client, dueMs }: Ticket): Uint8Array {
  const fields: PackedTicket = [serial, id, client, Number.isFinite(dueMs) ? dueMs : null];
  return packed(fields);
}

export function decodeTicket(bytes: Uint8Array): Ticket {
  const [serial, id, client, dueMs] = unpacked(bytes) as PackedTicket;
  return {
    kind: 'ticket',
    serial,
    id: waitId(id),
    client,
    holds: new Set(),
    dueMs: dueMs ?? Infinity,
    heapIndex: -1,
  };
}

type PackedDelay = readonly [serial: number, key: string, dueMs: number];

export function encodeDelay({ serial, lock, dueMs }: Delay): Uint8Array {
  const fields: PackedDelay = [serial, lock.key, dueMs];
  return packed(fields);
}

export function decodeDelay(bytes: Uint8Array, owners: Owners): Delay {
  const [serial, key, dueMs] = unpacked(bytes) as PackedDelay;
  return { kind: 'delay', serial, lock: owners.lock(key), dueMs, heapIndex: -1 };
}
