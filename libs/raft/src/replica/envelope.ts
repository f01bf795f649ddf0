import type { LogIndex } from '../core/ids.ts';
import { nodeId, type NodeId } from '../core/ids.ts';
import type { RequestRef } from './group.ts';
import type { Origin } from './state-machine.ts';

/**
 * What the replica writes around a command before it becomes an entry's payload:
 *
 *   kind u8 · node length u8 · node · incarnation u48 · sequence u48 · behind u32 · [request] · body
 *   request (if bit 7 of kind): scope length u16 · id length u16 · fingerprint length u16 · the three
 *
 * The origin comes first and is the same for all that one life of a node proposes, so a reader
 * recognises it by its bytes. `behind` says how far the node's oldest open proposal lies behind this
 * one: nothing older will ever be proposed again (see sessions.ts).
 */
export type EnvelopeKind = 'command' | 'clock' | 'node-started' | 'node-gone';

export interface Envelope {
  readonly kind: EnvelopeKind;
  /** The same object for the same life of a node. */
  readonly origin: Origin;
  /** 0: outside of any session; what such an entry says is true however often it is said. */
  readonly sequence: number;
  /** The least sequence that this life of the node may still propose. */
  readonly floor: number;
  readonly request: RequestRef | undefined;
  /** A view into the payload. */
  readonly body: Uint8Array;
}

const kinds: readonly EnvelopeKind[] = ['command', 'clock', 'node-started', 'node-gone'];
const kindCode: Readonly<Record<EnvelopeKind, number>> = {
  command: 0,
  clock: 1,
  'node-started': 2,
  'node-gone': 3,
};
const requestFlag = 0x80;
const sequenceBytes = 6 + 4;

export function encodeOrigin(origin: Origin): Uint8Array {
  const node = Buffer.from(origin.node, 'utf8');
  if (node.length > 255) throw new RangeError('the id of a node has at most 255 bytes');
  const out = Buffer.allocUnsafe(1 + node.length + 6);
  out.writeUInt8(node.length, 0);
  out.set(node, 1);
  out.writeUIntBE(origin.incarnation, 1 + node.length, 6);
  return out;
}

export function encodeEnvelope(
  kind: EnvelopeKind,
  origin: Uint8Array,
  place: { readonly sequence: number; readonly floor: number },
  content: { readonly request?: RequestRef | undefined; readonly body: Uint8Array },
): Uint8Array {
  const request = content.request === undefined ? undefined : encodeRequest(content.request);
  const size = 1 + origin.length + sequenceBytes + (request?.length ?? 0) + content.body.length;
  const out = Buffer.allocUnsafe(size);
  out[0] = kindCode[kind] | (request === undefined ? 0 : requestFlag);
  out.set(origin, 1);
  let at = 1 + origin.length;
  at = out.writeUIntBE(place.sequence, at, 6);
  at = out.writeUInt32BE(Math.min(place.sequence - place.floor, 0xffff_ffff), at);
  if (request !== undefined) {
    out.set(request, at);
    at += request.length;
  }
  out.set(content.body, at);
  return out;
}

function encodeRequest(request: RequestRef): Uint8Array {
  const fields = [request.scope, request.id, request.fingerprint].map((field) =>
    Buffer.from(field, 'utf8'),
  );
  const lengths = Buffer.allocUnsafe(6);
  for (const [i, field] of fields.entries()) lengths.writeUInt16BE(field.length, 2 * i);
  return Buffer.concat([lengths, ...fields]);
}

/** Reads envelopes; it remembers the origins it has met, so that none is decoded twice. */
export class EnvelopeReader {
  readonly #origins: { readonly bytes: Uint8Array; readonly origin: Origin }[] = [];

  /** `undefined` when the bytes are not an envelope; every node finds the same. */
  read(payload: Uint8Array): Envelope | undefined {
    const nodeLength = payload[1];
    if (nodeLength === undefined) return undefined;
    const kind = kinds[payload[0]! & 0x7f];
    const originEnd = 2 + nodeLength + 6;
    let at = originEnd + sequenceBytes;
    if (kind === undefined || payload.length < at) return undefined;
    const view = asBuffer(payload);
    const sequence = readUint48(payload, originEnd);
    const floor = sequence - view.readUInt32BE(originEnd + 6);
    let request: RequestRef | undefined;
    if ((payload[0]! & requestFlag) !== 0) {
      const read = readRequest(view, at);
      if (read === undefined) return undefined;
      request = read.request;
      at = read.end;
    }
    const origin = this.#origin(view, originEnd);
    return { kind, origin, sequence, floor, request, body: payload.subarray(at) };
  }

  #origin(view: Buffer, end: number): Origin {
    for (const known of this.#origins) {
      if (known.bytes.length === end - 1 && sameBytes(known.bytes, view, 1)) return known.origin;
    }
    const origin = {
      node: nodeId(view.toString('utf8', 2, end - 6)),
      incarnation: view.readUIntBE(end - 6, 6),
    };
    // Former lives stop being met; the list is kept short by forgetting the oldest acquaintance.
    if (this.#origins.length >= 64) this.#origins.shift();
    this.#origins.push({ bytes: Uint8Array.from(view.subarray(1, end)), origin });
    return origin;
  }
}

/** The body of a `node-gone` entry: which life of which node the leader gave up on. */
export const encodeGone = (node: NodeId, incarnation: number): Uint8Array =>
  encodeOrigin({ node, incarnation });

export function decodeGone(body: Uint8Array): Origin | undefined {
  if (body.length < 7 || body.length !== body[0]! + 7) return undefined;
  const view = asBuffer(body);
  return {
    node: nodeId(view.toString('utf8', 1, body.length - 6)),
    incarnation: view.readUIntBE(body.length - 6, 6),
  };
}

export const describeEntry = (index: LogIndex, envelope: Envelope): string =>
  `entry ${index} (${envelope.kind} of ${envelope.origin.node}, ${envelope.body.length} bytes)`;

function readRequest(
  view: Buffer,
  start: number,
): { readonly request: RequestRef; readonly end: number } | undefined {
  if (view.length < start + 6) return undefined;
  const scopeEnd = start + 6 + view.readUInt16BE(start);
  const idEnd = scopeEnd + view.readUInt16BE(start + 2);
  const end = idEnd + view.readUInt16BE(start + 4);
  if (view.length < end) return undefined;
  const request = {
    scope: view.toString('utf8', start + 6, scopeEnd),
    id: view.toString('utf8', scopeEnd, idEnd),
    fingerprint: view.toString('utf8', idEnd, end),
  };
  return { request, end };
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function readUint48(bytes: Uint8Array, at: number): number {
  const high = (bytes[at]! << 8) | bytes[at + 1]!;
  const low =
    bytes[at + 2]! * 0x1_00_00_00 +
    ((bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!);
  return high * 0x1_0000_0000 + low;
}

function sameBytes(known: Uint8Array, view: Uint8Array, offset: number): boolean {
  for (let i = known.length - 1; i >= 0; i--) {
    if (known[i] !== view[offset + i]) return false;
  }
  return true;
}
