import type { Model } from './model.ts';

/** A counter per key: adding answers with the sum after it. */
export type CounterInput =
  | { readonly kind: 'add'; readonly key: string; readonly amount: number }
  | { readonly kind: 'read'; readonly key: string };

export const counterModel: Model<CounterInput, number, number> = {
  initial: 0,
  key: (input) => input.key,
  isRead: (input) => input.kind === 'read',
  fingerprint: (state) => String(state),
  step: (state, input, output) => {
    const next = input.kind === 'add' ? state + input.amount : state;
    return output === undefined || output === next ? next : undefined;
  },
  describe: (input, output) => `${JSON.stringify(input)} → ${output ?? '?'}`,
};
