import type { Operation } from './history.ts';
import type { Model } from './model.ts';
import { EventList } from './event-list.ts';
import { PlacedSet } from './placed-set.ts';

/**
 * Decides whether a history is linearizable: Wing and Gong's search, with Lowe's memory of
 * configurations already tried ("Testing for Linearizability", 2017) and per-object partitions.
 *
 * The search walks the events in time. At an invocation it may place that operation next, if the
 * model allows it. At a completion of an operation that is not placed yet it has gone too far and
 * takes back its last choice. A configuration (what is placed, and the state) that was seen before
 * leads nowhere new. An ambiguous operation has no completion, so nothing ever forces it.
 */
export type Verdict<Input, Output> =
  | { readonly kind: 'linearizable'; readonly configurations: number }
  | Violation<Input, Output>
  /** The memory allowed was used up before an answer was found: neither good nor bad. */
  | { readonly kind: 'undecided'; readonly key: string; readonly configurations: number };

export interface Violation<Input, Output> {
  readonly kind: 'violation';
  readonly key: string;
  /** No order lets this operation take effect before it completed... */
  readonly cannotPlace: Operation<Input, Output>;
  /** ...and this is how far the longest order came. */
  readonly longestOrder: readonly Operation<Input, Output>[];
  readonly explanation: string;
}

export interface CheckLimits {
  /** Configurations remembered per object; each costs about a hundred bytes. */
  readonly configurationsMax: number;
}

const defaultLimits: CheckLimits = { configurationsMax: 2_000_000 };

export function checkLinearizable<Input, Output, State>(
  model: Model<Input, Output, State>,
  history: readonly Operation<Input, Output>[],
  limits: CheckLimits = defaultLimits,
): Verdict<Input, Output> {
  let configurations = 0;
  let undecided: Verdict<Input, Output> | undefined;
  for (const [key, operations] of partition(model, history)) {
    const verdict = checkObject(model, key, operations, limits);
    if (verdict.kind === 'violation') return verdict;
    configurations += verdict.configurations;
    if (verdict.kind === 'undecided') undecided ??= verdict;
  }
  return undecided ?? { kind: 'linearizable', configurations };
}

function partition<Input, Output, State>(
  model: Model<Input, Output, State>,
  history: readonly Operation<Input, Output>[],
): Map<string, Operation<Input, Output>[]> {
  const objects = new Map<string, Operation<Input, Output>[]>();
  for (const operation of history) {
    if (operation.completedAt === undefined && model.isRead(operation.input)) continue;
    const key = model.key(operation.input);
    const known = objects.get(key);
    if (known === undefined) objects.set(key, [operation]);
    else known.push(operation);
  }
  return objects;
}

function checkObject<Input, Output, State>(
  model: Model<Input, Output, State>,
  key: string,
  unordered: readonly Operation<Input, Output>[],
  limits: CheckLimits,
): Verdict<Input, Output> {
  const operations = [...unordered].sort((a, b) => a.invokedAt - b.invokedAt || a.id - b.id);
  const events = new EventList(operations);
  const placed = new PlacedSet(operations);
  const seen = new Set<string>();
  const order: { operation: number; before: State }[] = [];
  let longest: number[] = [];
  let blocked = -1;
  let state = model.initial;
  let at = events.first();

  while (events.completionsLeft > 0) {
    const operation = events.operationAt(at);
    if (events.isInvocation(at)) {
      const { input, output } = operations[operation]!;
      const next = model.step(state, input, output);
      if (next !== undefined) {
        placed.add(operation);
        const configuration = `${placed.fingerprint()}|${model.fingerprint(next)}`;
        if (!seen.has(configuration)) {
          if (seen.size >= limits.configurationsMax) {
            return { kind: 'undecided', key, configurations: seen.size };
          }
          seen.add(configuration);
          order.push({ operation, before: state });
          state = next;
          events.lift(operation);
          at = events.first();
          continue;
        }
        placed.delete(operation);
      }
      at = events.after(at);
      continue;
    }
    if (blocked === -1 || order.length > longest.length) {
      longest = order.map((choice) => choice.operation);
      blocked = operation;
    }
    const choice = order.pop();
    if (choice === undefined) return violation(model, key, operations, longest, blocked);
    placed.delete(choice.operation);
    state = choice.before;
    events.restore(choice.operation);
    at = events.after(events.invocationOf(choice.operation));
  }
  return { kind: 'linearizable', configurations: seen.size };
}

function violation<Input, Output, State>(
  model: Model<Input, Output, State>,
  key: string,
  operations: readonly Operation<Input, Output>[],
  longest: readonly number[],
  blocked: number,
): Violation<Input, Output> {
  const cannotPlace = operations[blocked]!;
  const longestOrder = longest.map((operation) => operations[operation]!);
  const tell = (operation: Operation<Input, Output>): string =>
    `  #${operation.id} ${operation.client} [${operation.invokedAt}, ${operation.completedAt ?? '…'}] ` +
    model.describe(operation.input, operation.output);
  const explanation = [
    `history of "${key}" is not linearizable: this operation cannot be placed`,
    tell(cannotPlace),
    `after the longest order found (${longestOrder.length} operations, the last ones):`,
    ...longestOrder.slice(-8).map(tell),
  ].join('\n');
  return { kind: 'violation', key, cannotPlace, longestOrder, explanation };
}
