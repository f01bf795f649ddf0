import { writeSync } from 'node:fs';
import { StorageRefusal } from '@quorate/raft';
import { StartError } from './start-error.ts';

export interface Runnable {
  stop(): Promise<void>;
}

export interface RunOptions {
  /** Stands at the start of the last line: `lock-cluster`. */
  readonly name: string;
  /** `json` makes the last line a JSON object like every other. */
  readonly logFormat?: 'json' | 'pretty';
}

/** `EX_SOFTWARE` of sysexits.h: an invariant broke, and what this process says cannot be trusted. */
export const exitCodeCrash = 70;
const exitCodeStartFailed = 1;
const stopDeadlineMs = 5_000;

/**
 * The whole of a `main.ts`: starts, stops on the first SIGTERM or SIGINT, leaves at once on the second,
 * and crashes with one last line when something broke that must not. The only place that touches
 * signals and the end of the process; servers made in tests never do.
 */
export function runService(main: () => Promise<Runnable>, options: RunOptions): void {
  process.on('uncaughtException', (error) => crash(error, options));
  process.on('unhandledRejection', (error) => crash(error, options));
  let stopping = false;
  const started = main();
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(signal === 'SIGINT' ? 130 : 143);
    stopping = true;
    // Stopping bounds itself; this is for the case that it does not.
    setTimeout(() => {
      lastLine(options, `${options.name} did not stop within ${stopDeadlineMs} ms`);
      process.exit(exitCodeStartFailed);
    }, stopDeadlineMs).unref();
    started
      .then((running) => running.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => crash(error, options),
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // A launcher that started this process holds a channel to it; should it die, even by kill -9, the
  // channel closes and the node stops instead of running on unseen.
  process.on('disconnect', () => {
    if (!stopping) stop('SIGTERM');
  });
  started.catch((error: unknown) => {
    if (!(error instanceof StartError || error instanceof StorageRefusal)) crash(error, options);
    lastLine(options, `${options.name} cannot start: ${error.message}`);
    process.exit(exitCodeStartFailed);
  });
}

/** For `onBrokenInvariant` of a service and for drivers that catch one. */
export function crash(error: unknown, options: RunOptions): never {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  lastLine(options, `${options.name} crashed, exit code ${exitCodeCrash}: ${what}`, stack);
  process.exit(exitCodeCrash);
}

/** Synchronous and past the logger: nothing that is still buffered gets out of a process that ends. */
function lastLine(options: RunOptions, message: string, stack?: string): void {
  const place = stack?.split('\n')[1]?.trim();
  const line =
    options.logFormat === 'json'
      ? JSON.stringify({ time: new Date().toISOString(), level: 'error', message, stack })
      : `${message}${place === undefined ? '' : ` (${place})`}`.replaceAll('\n', ' ');
  writeSync(process.stderr.fd, `${line}\n`);
}
