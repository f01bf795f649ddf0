/**
 * What an object should do when its operations come one after another. The checker looks for an
 * order of the concurrent operations that this object could have answered in the same way.
 */
export interface Model<Input, Output, State> {
  /** Objects are independent: a history is linearizable if and only if each object's part is (Herlihy & Wing). */
  key(input: Input): string;
  readonly initial: State;
  /**
   * The state after `input` was answered with `output`, or `undefined` if it cannot be answered so in
   * this state. An output of `undefined` means nobody saw the answer; then only an outcome with
   * an effect matters, because one without is the same as never having happened.
   */
  step(state: State, input: Input, output: Output | undefined): State | undefined;
  /** Equal for two states if and only if they behave alike from here on. */
  fingerprint(state: State): string;
  /** True for an input that never changes anything: unanswered, it can be left out. */
  isRead(input: Input): boolean;
  describe(input: Input, output: Output | undefined): string;
}
