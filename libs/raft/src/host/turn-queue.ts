/**
 * What all groups of a node have put off to the end of the turn, run together once the sockets and the
 * disk have been heard: so the messages of many groups leave in one write for each peer.
 */
export class TurnQueue {
  #waiting: (() => void)[] = [];
  readonly #drain = () => {
    const running = this.#waiting;
    this.#waiting = [];
    for (const run of running) run();
  };

  defer(run: () => void): void {
    if (this.#waiting.length === 0) setImmediate(this.#drain);
    this.#waiting.push(run);
  }
}
