import { performance } from 'node:perf_hooks';

export interface LoopHeld {
  readonly p999Ms: number;
  readonly maxMs: number;
  /** The same in time on the processor: what other processes took of it is not in there. */
  readonly cpuP999Ms: number;
  readonly cpuMaxMs: number;
}

const samplingMs = 1;

/**
 * How long the event loop was held between two runs of a timer. On a machine with fewer cores than
 * busy processes most of that is waiting for a core; the thread's own processor time tells how much of
 * it was this process's doing.
 */
export class LoopWatch {
  #heldMs: number[] = [];
  #cpuMs: number[] = [];
  #lastMs = performance.now();
  #lastCpuMs = cpuNowMs();

  constructor() {
    setInterval(() => {
      const nowMs = performance.now();
      const cpuMs = cpuNowMs();
      this.#heldMs.push(Math.max(0, nowMs - this.#lastMs - samplingMs));
      this.#cpuMs.push(cpuMs - this.#lastCpuMs);
      this.#lastMs = nowMs;
      this.#lastCpuMs = cpuMs;
    }, samplingMs).unref();
  }

  reset(): void {
    this.#heldMs = [];
    this.#cpuMs = [];
    this.#lastMs = performance.now();
    this.#lastCpuMs = cpuNowMs();
  }

  report(): LoopHeld {
    const held = Float64Array.from(this.#heldMs).sort();
    const cpu = Float64Array.from(this.#cpuMs).sort();
    return {
      p999Ms: at(held, 0.999),
      maxMs: at(held, 1),
      cpuP999Ms: at(cpu, 0.999),
      cpuMaxMs: at(cpu, 1),
    };
  }
}

const at = (sorted: Float64Array, share: number): number =>
  sorted[Math.floor(share * (sorted.length - 1))] ?? 0;

function cpuNowMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
