import type { Outcome, Refusal } from '@quorate/raft';
import type { CommonCode } from '../errors/codes.ts';
import { problem, type Problem } from '../errors/problem.ts';

const refusals: Readonly<Record<Refusal, { readonly code: CommonCode; readonly detail: string }>> =
  {
    'no-leader': {
      code: 'no_leader',
      detail: 'No leader could be reached in time, so nothing was proposed.',
    },
    overloaded: {
      code: 'overloaded',
      detail: 'More is under way than this group takes on; nothing was changed.',
    },
    'storage-full': {
      code: 'storage_full',
      detail:
        'The disk is full; nothing was changed. The node recovers by itself when there is room.',
    },
    'request-id-reused': {
      code: 'request_id_reused',
      detail: 'This request_id was used for another route or body less than two minutes ago.',
    },
  };

/** The state machine's reply, or the problem that stands for not having one. */
export function replyOrProblem<Reply>(outcome: Outcome<Reply>): Reply | Problem {
  switch (outcome.kind) {
    case 'applied':
    case 'repeated':
      return outcome.reply;
    case 'refused': {
      const { code, detail } = refusals[outcome.why];
      return problem(code, detail);
    }
    case 'unknown':
      return problem(
        'outcome_unknown',
        'The request may or may not have taken effect. Repeat it with the same request_id to learn which.',
      );
  }
}

export const noLeader = (): Problem =>
  problem('no_leader', 'No leader confirmed the read in time.');
