/**
 * What clients did and saw. An operation takes effect at one moment between `invokedAt` and
 * `completedAt`. One without `completedAt` is ambiguous (a timeout, a lost answer): it may take effect
 * at any moment after its invocation, or never. One that certainly did nothing is not recorded.
 */
export interface Operation<Input, Output> {
  /** Unique in the history; what a verdict names. */
  readonly id: number;
  readonly client: string;
  readonly input: Input;
  readonly output: Output | undefined;
  readonly invokedAt: number;
  readonly completedAt: number | undefined;
}

interface Pending<Input, Output> {
  id: number;
  client: string;
  input: Input;
  output: Output | undefined;
  invokedAt: number;
  completedAt: number | undefined;
  refused: boolean;
}

/**
 * Collects a history on one clock. With the default clock every event has a moment of its own, in
 * the order in which they were reported; with a real one, events at the same reading count as
 * concurrent.
 */
export class HistoryRecorder<Input, Output> {
  private readonly operations: Pending<Input, Output>[] = [];
  private readonly clock: () => number;

  constructor(clock: () => number = countingClock()) {
    this.clock = clock;
  }

  invoke(client: string, input: Input): number {
    const id = this.operations.length;
    this.operations.push({
      id,
      client,
      input,
      output: undefined,
      invokedAt: this.clock(),
      completedAt: undefined,
      refused: false,
    });
    return id;
  }

  complete(id: number, output: Output): void {
    const operation = this.open(id);
    operation.output = output;
    operation.completedAt = this.clock();
  }

  /** It certainly had no effect and never will. */
  refuse(id: number): void {
    this.open(id).refused = true;
  }

  /** The history so far; what is still open counts as ambiguous. */
  history(): readonly Operation<Input, Output>[] {
    return this.operations.filter((operation) => !operation.refused);
  }

  private open(id: number): Pending<Input, Output> {
    const operation = this.operations[id];
    if (operation === undefined) throw new RangeError(`no operation ${id}`);
    if (operation.completedAt !== undefined || operation.refused) {
      throw new Error(`operation ${id} was completed before`);
    }
    return operation;
  }
}

const countingClock = (): (() => number) => {
  let now = 0;
  return () => ++now;
};
