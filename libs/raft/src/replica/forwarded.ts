import type { Core } from '../core/core.ts';
import type { ProposeResult } from '../core/effects.ts';
import type { Forward, ForwardAnswer } from './peer-message.ts';

/** A peer's callers' envelopes: proposed here as one run, or refused whole. */
export function proposeForwarded(
  core: Core,
  forward: Forward,
  at: { readonly nowMs: number; readonly overloaded: boolean },
): ForwardAnswer {
  const result: ProposeResult = at.overloaded
    ? { kind: 'overloaded' }
    : core.propose(
        forward.payloads.map((payload) => ({ kind: 'command', payload })),
        at.nowMs,
      );
  return { kind: 'forward-answer', id: forward.id, result: answerOf(result) };
}

function answerOf(result: ProposeResult): ForwardAnswer['result'] {
  switch (result.kind) {
    case 'appended':
      return result;
    case 'overloaded':
    case 'storage-full':
      return { kind: 'refused', why: result.kind };
    case 'not-leader':
    case 'transferring':
      return { kind: 'refused', why: 'not-leader' };
  }
}
