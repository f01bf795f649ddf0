import { invariant } from '@quorate/raft';
import {
  defineRoute,
  isProblem,
  type Context,
  type Outcome,
  type Route,
} from '@quorate/service-kit';
import { z } from 'zod';
import { problem } from '../problems.ts';
import type { QueueCommand, QueueReply } from '../state-machine/commands.ts';
import { parseMessageId, parseReceipt, type ReceiptName } from '../state-machine/message-id.ts';
import { optionsFor, type Desk } from './desk.ts';
import { ackBody, extendBody, nackBody } from './schemas.ts';

type Asked = QueueReply | Extract<Outcome, { kind: 'problem' }>;

const gone = (): Outcome =>
  problem('not_found', 'There is no such message: it was acked, purged, expired or given up.');
const stale = (): Outcome =>
  problem('receipt_stale', 'The lease of this delivery is over; the message is offered again.');
const receiptRequired = (): Outcome =>
  problem('receipt_required', 'The message is not out exactly once; ack or nack by receipt.');

const ackResult = z
  .enum([
    'acked',
    'receipt_stale',
    'not_found',
    'invalid_request',
    'no_leader',
    'outcome_unknown',
    'overloaded',
    'storage_full',
    'request_id_reused',
  ])
  .describe('What became of this receipt; a code of the problems, where it was not acked');

type AckResult = z.infer<typeof ackResult>;

export const settleRoutes = (desk: Desk): readonly Route[] => [
  defineRoute({
    method: 'post',
    path: '/queue/ack',
    hot: true,
    tag: 'messages',
    summary: 'Done with messages: they are gone, everywhere, for ever',
    request: { body: ackBody },
    responses: {
      200: {
        description: 'How many; a batch answers for each receipt, in order',
        body: z.strictObject({
          acked: z.int(),
          results: z.array(z.strictObject({ receipt: z.string(), result: ackResult })).optional(),
        }),
      },
    },
    problems: ['receipt_stale', 'receipt_required'],
    handler: async ({ body }, context): Promise<Outcome> => {
      if (body.receipts !== undefined) return ackMany(desk, body.receipts, body, context);
      if (body.receipt !== undefined) {
        const receipt = parseReceipt(body.receipt);
        if (receipt === undefined) return malformed('receipt');
        const command = { kind: 'ack', receipts: [receipt] } as const;
        return acked(
          desk,
          await ask(desk, receipt.shard, '/queue/ack', { command, body, context }),
        );
      }
      const message = parseMessageId(body.msg_id!);
      if (message === undefined) return malformed('msg_id');
      const command = { kind: 'ack-message', message } as const;
      return acked(desk, await ask(desk, message.shard, '/queue/ack', { command, body, context }));
    },
  }),
  defineRoute({
    method: 'post',
    path: '/queue/nack',
    hot: true,
    tag: 'messages',
    summary: 'Not done: back to the place it came from, after the delay',
    request: { body: nackBody },
    responses: {
      200: {
        description: 'Returned, or given up',
        body: z.strictObject({ nacked: z.int(), dead_lettered: z.boolean() }),
      },
    },
    problems: ['receipt_stale', 'receipt_required'],
    handler: async ({ body }, context): Promise<Outcome> => {
      const receipt = body.receipt === undefined ? undefined : parseReceipt(body.receipt);
      const message = body.msg_id === undefined ? undefined : parseMessageId(body.msg_id);
      const target =
        receipt !== undefined
          ? ({ kind: 'receipt', receipt } as const)
          : message !== undefined && ({ kind: 'message', message } as const);
      if (!target) return malformed(body.receipt === undefined ? 'msg_id' : 'receipt');
      const { shard } = target.kind === 'receipt' ? target.receipt : target.message;
      const command = { kind: 'nack', target, delayMs: body.delay_ms, error: body.error } as const;
      const reply = await ask(desk, shard, '/queue/nack', { command, body, context });
      if (isProblem(reply)) return reply;
      if (reply.kind !== 'nacked') return unsettled(reply);
      desk.metrics.nacked.inc();
      return { status: 200, body: { nacked: 1, dead_lettered: reply.deadLettered } };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/queue/extend',
    hot: true,
    tag: 'messages',
    summary: 'Keep a delivery for longer, counted from now',
    request: { body: extendBody },
    responses: {
      200: { description: 'Extended', body: z.strictObject({ expires_in_ms: z.number() }) },
    },
    problems: ['receipt_stale'],
    handler: async ({ body }, context): Promise<Outcome> => {
      const receipt = parseReceipt(body.receipt);
      if (receipt === undefined) return malformed('receipt');
      const command = { kind: 'extend', receipt, visibilityMs: body.visibility_ms } as const;
      const reply = await ask(desk, receipt.shard, '/queue/extend', { command, body, context });
      if (isProblem(reply)) return reply;
      if (reply.kind !== 'extended') return unsettled(reply);
      const clockMs = desk.shards[receipt.shard]!.group.clockMs();
      const expiresInMs = Math.max(0, Math.round(reply.dueAtMs - clockMs));
      return { status: 200, body: { expires_in_ms: expiresInMs } };
    },
  }),
];

interface Ask {
  readonly command: QueueCommand;
  readonly body: { readonly request_id?: string | undefined };
  readonly context: Context;
}

async function ask(
  desk: Desk,
  shard: number,
  route: string,
  { command, body, context }: Ask,
): Promise<Asked> {
  const found = desk.shards[shard];
  if (found === undefined) return { kind: 'not-found', what: 'message' };
  return found.ask(command, optionsFor(route, body, context));
}

function acked(desk: Desk, reply: Asked): Outcome {
  if (isProblem(reply)) return reply;
  if (reply.kind !== 'acked') return unsettled(reply);
  const [result] = reply.results;
  if (result === 'stale') return stale();
  if (result !== 'acked') return gone();
  desk.metrics.acked.inc();
  return { status: 200, body: { acked: 1 } };
}

/**
 * Atomic per shard: each shard's receipts are one entry of its log. A shard that has no leader fails its
 * own receipts; what the others have acked is acked, and the answer says which is which. Only when no
 * shard did anything is the answer that problem.
 */
async function ackMany(
  desk: Desk,
  receipts: readonly string[],
  body: { readonly request_id?: string | undefined },
  context: Context,
): Promise<Outcome> {
  const results: AckResult[] = receipts.map(() => 'invalid_request');
  const perShard = byShard(receipts);
  const replies = await Promise.all(
    [...perShard].map(async ([shard, list]) => {
      const command = { kind: 'ack', receipts: list.map((one) => one.name) } as const;
      const reply = await ask(desk, shard, '/queue/ack', { command, body, context });
      for (const [i, { at }] of list.entries()) results[at] = resultAt(reply, i);
      return reply;
    }),
  );
  const [first] = replies;
  if (first !== undefined && isProblem(first) && replies.every((reply) => isProblem(reply))) {
    return first;
  }
  const count = results.filter((result) => result === 'acked').length;
  desk.metrics.acked.inc(count);
  const answers = receipts.map((receipt, i) => ({ receipt, result: results[i]! }));
  return { status: 200, body: { acked: count, results: answers } };
}

interface Placed {
  readonly at: number;
  readonly name: ReceiptName;
}

function byShard(receipts: readonly string[]): ReadonlyMap<number, readonly Placed[]> {
  const perShard = new Map<number, Placed[]>();
  for (const [at, text] of receipts.entries()) {
    const name = parseReceipt(text);
    if (name === undefined) continue;
    const list = perShard.get(name.shard);
    if (list === undefined) perShard.set(name.shard, [{ at, name }]);
    else list.push({ at, name });
  }
  return perShard;
}

const words = { acked: 'acked', stale: 'receipt_stale', 'not-found': 'not_found' } as const;

function resultAt(reply: Asked, i: number): AckResult {
  if (isProblem(reply)) return ackResult.parse(reply.code);
  // A receipt whose shard number is none of this cluster's.
  return reply.kind === 'acked' ? words[reply.results[i]!] : 'not_found';
}

function unsettled(reply: QueueReply): Outcome {
  if (reply.kind === 'stale') return stale();
  if (reply.kind === 'not-found') return gone();
  invariant(reply.kind === 'receipt-required', `a settlement was answered ${reply.kind}`);
  return receiptRequired();
}

const malformed = (field: string): Outcome =>
  problem('invalid_request', `${field}: is not one that this service gave out`);
