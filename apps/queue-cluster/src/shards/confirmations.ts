/**
 * Which deliveries this node has answered. A delivery counts as unconfirmed until its node says that
 * it has answered everything up to some entry; should the node die before, what it had not confirmed
 * returns to its queue at once instead of being hidden for a visibility time. Saying so costs one entry
 * for whatever was delivered since the last one, not one each.
 */
export class Confirmations {
  readonly #open = new Map<number, number>();
  #newest = 0;
  #confirmed = 0;

  /** The newest entry whose deliveries this node has heard of. */
  get newest(): number {
    return this.#newest;
  }

  /** A delivery made by this entry is about to be answered. */
  begin(index: number): void {
    this.#open.set(index, (this.#open.get(index) ?? 0) + 1);
    this.#newest = Math.max(this.#newest, index);
  }

  end(index: number): void {
    const left = (this.#open.get(index) ?? 0) - 1;
    if (left > 0) this.#open.set(index, left);
    else this.#open.delete(index);
  }

  /** What may be confirmed and has not been; nothing when there is nothing new. */
  take(): number | undefined {
    let upTo = this.#newest;
    for (const index of this.#open.keys()) upTo = Math.min(upTo, index - 1);
    if (upTo <= this.#confirmed) return undefined;
    this.#confirmed = upTo;
    return upTo;
  }
}
