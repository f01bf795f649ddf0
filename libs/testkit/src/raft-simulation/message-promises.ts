import type { LogImage, PeerMessage } from '@quorate/raft';
import type { Elections } from './elections.ts';
import { hold } from './violation.ts';

/**
 * Some messages promise that something is durable (§5: "updated on stable storage before responding
 * to RPCs"). Each is compared with the sender's disk at the moment it leaves. What is checked of a
 * log is only its length, and only while the disk is still in the message's term: a later term may
 * rightly have cut off what was promised in an earlier one.
 */
export function checkPromises(
  from: string,
  to: string,
  message: PeerMessage,
  image: LogImage,
  elections: Elections,
): void {
  const { hardState } = image;
  switch (message.kind) {
    case 'vote-answer':
      if (message.preVote || !message.granted) return;
      elections.grants(from, message.term, to);
      hold(
        hardState.term > message.term || (hardState.term === message.term && hardState.vote === to),
        'a vote is durable before it is given',
        () =>
          `${from} votes for ${to} in term ${message.term}; its disk knows term ` +
          `${hardState.term} and a vote for ${hardState.vote ?? 'nobody'}`,
      );
      return;
    case 'vote-request':
      if (message.preVote) return;
      elections.grants(from, message.term, from);
      return;
    case 'append-answer':
      if (message.result.kind !== 'matched' || hardState.term !== message.term) return;
      {
        const { match } = message.result;
        hold(
          Math.max(image.lastIndex, image.snapshot?.index ?? 0) >= match,
          'entries are durable before they are acknowledged',
          () => `${from} acknowledges index ${match}; its disk ends at ${image.lastIndex}`,
        );
      }
      return;
    case 'snapshot-answer':
      hold(
        // A log that holds everything the snapshot stands for does as well as the snapshot.
        !message.installed ||
          Math.max(image.lastIndex, image.snapshot?.index ?? 0) >= message.index,
        'a snapshot is durable before it is acknowledged',
        () => `${from} says it has all up to ${message.index}; its disk ends at ${image.lastIndex}`,
      );
      return;
    case 'append':
    case 'heartbeat':
    case 'heartbeat-answer':
    case 'snapshot-chunk':
    case 'timeout-now':
    case 'read-request':
    case 'read-answer':
    case 'forward':
    case 'forward-answer':
    case 'transfer-request':
  }
}
