import type { Model } from './model.ts';

/**
 * A lock per key that gives a fencing token, greater than all before, with each acquisition. `owner`
 * names one acquisition, not a client, so that a release without an answer is still unambiguous.
 *
 * A lease that runs out is an operation too: whoever records the history adds an `expire` without a
 * completion, invoked at the earliest moment at which that lease could end. It may then take effect at
 * any moment after, or never.
 */
export type MutexInput =
  | { readonly kind: 'acquire'; readonly key: string; readonly owner: string }
  | { readonly kind: 'release'; readonly key: string; readonly owner: string }
  | { readonly kind: 'expire'; readonly key: string; readonly owner: string };

export type MutexOutput =
  | { readonly kind: 'acquired'; readonly token: number }
  | { readonly kind: 'busy' }
  | { readonly kind: 'released' }
  | { readonly kind: 'not-held' };

export interface MutexState {
  readonly owner: string | undefined;
  /** Every later token is greater. */
  readonly token: number;
}

export const mutexModel: Model<MutexInput, MutexOutput, MutexState> = {
  initial: { owner: undefined, token: 0 },
  key: (input) => input.key,
  isRead: () => false,
  fingerprint: (state) => `${state.token} ${state.owner ?? '\0'}`,
  step: (state, input, output) => {
    const holds = state.owner === input.owner;
    switch (input.kind) {
      case 'acquire':
        if (output?.kind === 'busy') return state.owner !== undefined ? state : undefined;
        if (state.owner !== undefined) return undefined;
        if (output === undefined) return { owner: input.owner, token: state.token };
        if (output.kind !== 'acquired' || output.token <= state.token) return undefined;
        return { owner: input.owner, token: output.token };
      case 'release':
        if (output?.kind === 'not-held') return holds ? undefined : state;
        if (output !== undefined && output.kind !== 'released') return undefined;
        return holds ? { owner: undefined, token: state.token } : undefined;
      case 'expire':
        return holds ? { owner: undefined, token: state.token } : undefined;
    }
  },
  describe: (input, output) =>
    `${JSON.stringify(input)} → ${output === undefined ? '?' : JSON.stringify(output)}`,
};
