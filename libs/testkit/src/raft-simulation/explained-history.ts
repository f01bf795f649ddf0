import type { Operation } from '../linearizability/history.ts';
import type { RegisterInput, RegisterOutput } from '../linearizability/register.ts';

type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

/**
 * A history as the end of the run explains it. A write in doubt that never came to be applied is left
 * out; one that was, is given the version that the final state shows. Nothing a client was told is
 * touched. Without it a hundred writes in doubt would be 2^100 histories to try.
 *
 * Versions only grow, so a write took effect after every operation that saw less was invoked, and
 * before any that saw as much was answered: that bounds when it happened, and the search with it.
 */
export function explainHistory(
  history: readonly RegisterOperation[],
  finalReply: (operation: number) => RegisterOutput | undefined,
): RegisterOperation[] {
  const answered = history.filter(({ completedAt }) => completedAt !== undefined);
  const explained = [...answered];
  for (const operation of history) {
    if (operation.completedAt !== undefined) continue;
    const output = finalReply(operation.id);
    if (output?.kind !== 'written' || output.version === undefined) continue;
    let invokedAt = operation.invokedAt;
    let completedAt = Infinity;
    for (const other of answered) {
      if (other.input.key !== operation.input.key) continue;
      const seen = versionOf(other.output);
      if (seen === undefined) continue;
      if (seen < output.version) invokedAt = Math.max(invokedAt, other.invokedAt);
      else completedAt = Math.min(completedAt, other.completedAt!);
    }
    // Where the bounds contradict each other the history is bad, and the checker is to say so.
    completedAt = Math.max(invokedAt, completedAt);
    explained.push({ ...operation, output, invokedAt, completedAt });
  }
  return explained;
}

const versionOf = (output: RegisterOutput | undefined): number | undefined =>
  output === undefined || output.kind === 'conflict' ? undefined : output.version;
