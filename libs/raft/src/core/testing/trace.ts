import type { Effects } from '../effects.ts';
import type { Entry } from '../entry.ts';
import type { NodeId } from '../ids.ts';
import type { LeaseEcho, Message, Stamp } from '../message.ts';

/** Messages and effects as one line each, for the traces of the scenarios. */
export function traceMessage(from: NodeId, to: NodeId, message: Message): string {
  return `${from}→${to} ${message.kind} T${message.term}${details(message)}`;
}

function details(message: Message): string {
  switch (message.kind) {
    case 'vote-request': {
      const flags = (message.preVote ? ' pre' : '') + (message.transfer ? ' transfer' : '');
      return `${flags} log ${message.lastIndex}@${message.lastTerm}`;
    }
    case 'vote-answer':
      return `${message.preVote ? ' pre' : ''} ${message.granted ? 'granted' : 'refused'}`;
    case 'append':
      return (
        ` after ${message.prevIndex}@${message.prevTerm} [${traceEntries(message.entries)}]` +
        ` commit ${message.commit}${traceLease(message.settled, message.commit, message.echo)}`
      );
    case 'append-answer': {
      const { result } = message;
      return result.kind === 'matched'
        ? ` matched ${result.match}${traceStamp(message.stamp)}`
        : ` conflict at ${result.prevIndex}, try ${result.hintIndex}@${result.hintTerm}`;
    }
    case 'heartbeat':
      return (
        ` round ${message.round} commit ${message.commit}` +
        traceLease(message.settled, message.commit, message.echo)
      );
    case 'heartbeat-answer':
      return ` round ${message.round} durable ${message.lastIndex}${traceStamp(message.stamp)}`;
    case 'snapshot-chunk':
      return (
        ` of ${message.meta.index}@${message.meta.term} from ${message.offset}` +
        (message.last ? ' last' : '')
      );
    case 'snapshot-answer':
      return message.installed
        ? ` has ${message.index}`
        : ` of ${message.index} wants ${message.nextOffset}`;
    case 'timeout-now':
      return '';
    case 'read-request':
      return ` #${message.id}`;
    case 'read-answer':
      return ` #${message.id} ${message.index ?? 'cannot say'}`;
  }
}

const traceLease = (settled: number, commit: number, echo: LeaseEcho | undefined): string =>
  (settled === commit ? '' : ` settled ${settled}`) +
  (echo === undefined ? '' : ` echo ${echo.stamp.atMs} floor ${echo.floor}`);

const traceStamp = (stamp: Stamp | undefined): string =>
  stamp === undefined ? '' : ` stamp ${stamp.atMs}`;

export const traceEntries = (entries: readonly Entry[]): string =>
  entries.map(({ index, term }) => `${index}@${term}`).join(' ');

/** In the order in which a driver carries them out. */
export function traceEffects(id: NodeId, effects: Effects): string[] {
  const lines: string[] = [];
  const { write, office } = effects;
  if (office !== undefined) {
    lines.push(`${id} ${office.role} T${office.term} leader ${office.leader ?? 'none'}`);
  }
  if (write !== undefined) {
    const parts = [`${id} writes #${write.id}`];
    if (write.hardState !== undefined) {
      parts.push(`T${write.hardState.term} vote ${write.hardState.vote ?? 'none'}`);
    }
    if (write.install !== undefined) {
      const rest = write.keepSuffix ? 'keeping the rest' : 'dropping the rest';
      parts.push(`snapshot ${write.install.index}@${write.install.term} ${rest}`);
    }
    if (write.entries.length > 0) parts.push(`[${traceEntries(write.entries)}]`);
    lines.push(parts.join(' '));
    for (const { to, message } of write.thenSend) {
      lines.push(`  then ${traceMessage(id, to, message)}`);
    }
  }
  for (const { to, message } of effects.send) lines.push(`  ${traceMessage(id, to, message)}`);
  if (effects.restore !== undefined) lines.push(`${id} restores ${effects.restore.index}`);
  if (effects.committed.length > 0) {
    lines.push(`${id} commits [${traceEntries(effects.committed)}]`);
  }
  for (const { id: read, index } of effects.reads) {
    lines.push(`${id} read #${read} ${index === undefined ? 'fails' : `at ${index}`}`);
  }
  if (effects.compact !== undefined) lines.push(`${id} compacts ${effects.compact}`);
  for (const { to, index, offset } of effects.readChunk) {
    lines.push(`${id} reads snapshot ${index} from ${offset} for ${to}`);
  }
  for (const { meta, offset } of effects.storeChunk) {
    lines.push(`${id} stages snapshot ${meta.index} from ${offset}`);
  }
  return lines;
}
