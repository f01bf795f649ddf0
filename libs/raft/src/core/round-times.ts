const roundsKept = 256;

/** When each of the last rounds was sent: a leader's own lease begins there. */
export class RoundTimes {
  private readonly sentMs = new Float64Array(roundsKept).fill(-Infinity);
  private readonly rounds = new Float64Array(roundsKept);

  note(round: number, nowMs: number): void {
    this.rounds[round % roundsKept] = round;
    this.sentMs[round % roundsKept] = nowMs;
  }

  /** `undefined` when it is so long ago that nobody can care. */
  of(round: number): number | undefined {
    return this.rounds[round % roundsKept] === round ? this.sentMs[round % roundsKept] : undefined;
  }
}
