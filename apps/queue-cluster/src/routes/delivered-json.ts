import type { DeadLetter, Delivered } from '../state-machine/commands.ts';

/**
 * Deliveries as the text of an answer. A value is JSON text already and is put in as it stands: reading
 * it only to write it again would be the most expensive thing a delivery does.
 */
export function deliveredJson(messages: readonly Delivered[]): Buffer {
  return Buffer.from(`{"messages":[${messages.map(messageJson).join(',')}]}`);
}

/** Without a receipt for those who only look. */
export function messageJson(
  message: Omit<Delivered, 'receipt'> & { readonly receipt?: string | undefined },
): string {
  const { value, dead, ...rest } = message;
  const head = JSON.stringify({
    msg_id: rest.msgId,
    receipt: rest.receipt,
    queue: rest.queue,
    group: rest.group,
    key: rest.key ?? null,
    headers: rest.headers ?? {},
    priority: rest.priority,
    deliveries: rest.deliveries,
    enqueued_at: new Date(rest.enqueuedAtMs).toISOString(),
  });
  const tail = dead === undefined ? '' : `,"dead_letter":${JSON.stringify(deadLetterBody(dead))}`;
  return `${head.slice(0, -1)},"value":${value}${tail}}`;
}

export const deadLetterBody = (dead: DeadLetter): object => ({
  queue: dead.queue,
  group: dead.group,
  msg_id: dead.msgId,
  deliveries: dead.deliveries,
  reason: dead.reason,
  last_error: dead.lastError ?? null,
  enqueued_at: new Date(dead.enqueuedAtMs).toISOString(),
});
