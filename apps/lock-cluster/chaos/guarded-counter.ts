/**
 * What a lock is for: a value that many read, think about, and write back one higher. It checks the
 * fencing token of every access, as a database would with `WHERE fence <= $1`, so that whoever has
 * lost the lock without noticing is refused.
 */
export class GuardedCounter {
  readonly violations: string[] = [];
  private readonly values = new Map<string, { fence: number; value: number; writes: number }>();
  private refused = 0;

  get refusals(): number {
    return this.refused;
  }

  get writes(): number {
    return [...this.values.values()].reduce((sum, { writes }) => sum + writes, 0);
  }

  /** `validUntilMs`: whoever is refused before then held a lease, and so did somebody after it. */
  read(key: string, token: number, validUntilMs: number): number | undefined {
    const held = this.values.get(key) ?? { fence: 0, value: 0, writes: 0 };
    if (token < held.fence) {
      this.refuse(key, token, validUntilMs, held.fence);
      return undefined;
    }
    held.fence = token;
    this.values.set(key, held);
    return held.value;
  }

  write(key: string, token: number, validUntilMs: number, value: number): void {
    const held = this.values.get(key)!;
    if (token < held.fence) {
      this.refuse(key, token, validUntilMs, held.fence);
      return;
    }
    held.value = value;
    held.writes += 1;
  }

  /** Every accepted write was one higher than the one before, so the value counts them. */
  lostUpdates(): string[] {
    return [...this.values]
      .filter(([, { value, writes }]) => value !== writes)
      .map(([key, { value, writes }]) => `"${key}" is ${value} after ${writes} increments`);
  }

  private refuse(key: string, token: number, validUntilMs: number, fence: number): void {
    this.refused += 1;
    const leftMs = validUntilMs - performance.now();
    if (leftMs > 0) {
      this.violations.push(
        `token ${token} of "${key}" refused for ${fence}, its lease valid for ${leftMs.toFixed(0)} ms more`,
      );
    }
  }
}
