import type { Operation } from './history.ts';
import type { Model } from './model.ts';

/**
 * The definition of linearizability, word for word, with no cleverness: tries every order of every
 * choice of ambiguous operations. Good for half a dozen operations of one object, and for
 * nothing but judging the real checker.
 */
export function isLinearizableByDefinition<Input, Output, State>(
  model: Model<Input, Output, State>,
  operations: readonly Operation<Input, Output>[],
): boolean {
  const place = (state: State, left: readonly Operation<Input, Output>[]): boolean => {
    if (left.every((operation) => operation.completedAt === undefined)) return true;
    return left.some((candidate) => {
      const others = left.filter((other) => other !== candidate);
      const mustWait = others.some(
        (other) => other.completedAt !== undefined && other.completedAt < candidate.invokedAt,
      );
      if (mustWait) return false;
      const next = model.step(state, candidate.input, candidate.output);
      return next !== undefined && place(next, others);
    });
  };
  return place(model.initial, operations);
}
