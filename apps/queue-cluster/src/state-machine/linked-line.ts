/** A member of one line; it holds its own neighbours, so that it leaves in O(1) from anywhere. */
export interface Linked<T> {
  previous: T | undefined;
  next: T | undefined;
}

/** A first-in, first-out line from whose middle members may leave. */
export class LinkedLine<T extends Linked<T>> {
  first: T | undefined;
  #last: T | undefined;

  push(item: T): void {
    item.previous = this.#last;
    item.next = undefined;
    if (this.#last === undefined) this.first = item;
    else this.#last.next = item;
    this.#last = item;
  }

  remove(item: T): void {
    if (item.previous === undefined) this.first = item.next;
    else item.previous.next = item.next;
    if (item.next === undefined) this.#last = item.previous;
    else item.next.previous = item.previous;
    item.previous = undefined;
    item.next = undefined;
  }
}
