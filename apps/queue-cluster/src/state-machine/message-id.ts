/**
 * The names by which callers speak of messages and deliveries. They carry the way back to their
 * shard and queue, so that an ack needs no other address:
 *
 *   message   <shard>-<queue number>-<sequence>
 *   receipt   <message>-<group number>-<attempt>        numbers in base 36
 */
export interface MessageName {
  readonly shard: number;
  readonly queue: number;
  readonly sequence: number;
}

export interface ReceiptName extends MessageName {
  readonly group: number;
  readonly attempt: number;
}

const base = 36;
const part = /^(?:0|[1-9a-z][0-9a-z]{0,10})$/;

export const formatMessageId = (name: MessageName): string =>
  `${name.shard.toString(base)}-${name.queue.toString(base)}-${name.sequence.toString(base)}`;

export const formatReceipt = (name: ReceiptName): string =>
  `${formatMessageId(name)}-${name.group.toString(base)}-${name.attempt.toString(base)}`;

export function parseMessageId(text: string): MessageName | undefined {
  const [shard, queue, sequence, ...rest] = parseNumbers(text);
  if (shard === undefined || queue === undefined || sequence === undefined) return undefined;
  return rest.length === 0 ? { shard, queue, sequence } : undefined;
}

export function parseReceipt(text: string): ReceiptName | undefined {
  const [shard, queue, sequence, group, attempt, ...rest] = parseNumbers(text);
  if (shard === undefined || queue === undefined || sequence === undefined) return undefined;
  if (group === undefined || attempt === undefined || rest.length > 0) return undefined;
  return { shard, queue, sequence, group, attempt };
}

function parseNumbers(text: string): readonly number[] {
  const parts = text.split('-');
  if (parts.length > 5 || !parts.every((one) => part.test(one))) return [];
  const numbers = parts.map((one) => Number.parseInt(one, base));
  return numbers.every(Number.isSafeInteger) ? numbers : [];
}
