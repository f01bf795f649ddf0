import { digestStart, digestText } from './digest.ts';

/**
 * What happened, line by line. Every line goes into a digest, kept or not, so that two runs of one
 * seed can be compared cheaply; the last lines are kept for the report of a failure.
 */
export class Trace {
  private digest = digestStart;
  private readonly recent: string[] = [];
  private readonly print: ((line: string) => void) | undefined;
  private readonly recentMax: number;
  lines = 0;
  /** Also every message and commit. */
  readonly isVerbose: boolean;

  constructor(print?: (line: string) => void, recentMax = 40) {
    this.print = print;
    this.isVerbose = print !== undefined;
    this.recentMax = recentMax;
  }

  note(atMs: number, node: string, what: string): void {
    const line = `${atMs.toFixed(3)} ${node} ${what}`;
    this.digest = digestText(this.digest, line);
    this.lines++;
    this.print?.(line);
    this.recent.push(line);
    // Cut seldom, in one go: shifting one line each time would cost more than the line.
    if (this.recent.length > this.recentMax * 8) this.recent.splice(0, this.recentMax * 7);
  }

  get fingerprint(): string {
    return `${this.lines}-${(this.digest >>> 0).toString(16).padStart(8, '0')}`;
  }

  lastLines(): readonly string[] {
    return this.recent.slice(-this.recentMax);
  }
}
