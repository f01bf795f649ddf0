import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Service } from '../http/service.ts';
import type { Logger } from '../logging/logger.ts';

export interface StopHook {
  /** Ends the sentence "… took too long" in the log. */
  readonly name: string;
  run(): void | Promise<void>;
}

export interface StopOptions {
  readonly server: Server;
  readonly service: Service;
  /** Connections that speak something other than HTTP by now. */
  readonly upgraded: ReadonlySet<Duplex>;
  readonly hooks: readonly StopHook[];
}

/** The whole stop fits into five seconds; the hooks share most of it, the answers get what is left. */
const hooksBudgetMs = 3_500;
const answersBudgetMs = 800;

/**
 * Stops in this order: no new connections and `/ready` says no; the hooks one by one (leadership goes
 * first, while requests are still answered); whoever waits is told; answers under way get a moment;
 * everything else is closed. A hook that fails or hangs is named in the log and does not keep the
 * others from running: what was acknowledged is on disk, so no promise depends on them.
 */
export async function stopGracefully(options: StopOptions): Promise<void> {
  const { server, service, upgraded, hooks } = options;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  service.beginStop();
  server.closeIdleConnections();
  await runHooks(hooks, service.logger);
  service.cancelOpen();
  await drained(service);
  service.close();
  // Answers written in this very turn are still in the sockets' buffers; one turn lets them out.
  await new Promise((resolve) => setImmediate(resolve));
  server.closeIdleConnections();
  for (const socket of upgraded) socket.destroy();
  const grace = timer(200);
  await Promise.race([closed, grace.over]);
  grace.clear();
  server.closeAllConnections();
  await closed;
}

/** Each step gets its share of what is left, so that one that hangs takes nothing from the next. */
async function runHooks(hooks: readonly StopHook[], logger: Logger): Promise<void> {
  const endMs = performance.now() + hooksBudgetMs;
  for (const [index, hook] of hooks.entries()) {
    const limit = timer((endMs - performance.now()) / (hooks.length - index));
    try {
      const done = Promise.resolve(hook.run()).then(() => true);
      if (!(await Promise.race([done, limit.over]))) {
        done.catch((error: unknown) => logger.debug('a late stop step failed', { error }));
        logger.warn(`while stopping, "${hook.name}" took too long`);
      }
    } catch (error) {
      logger.error(`while stopping, "${hook.name}" failed`, { error });
    } finally {
      limit.clear();
    }
  }
}

/** Polls, because it happens once in the life of a process and must not cost the requests anything. */
async function drained(service: Service): Promise<void> {
  const pollMs = 10;
  for (let waitedMs = 0; waitedMs < answersBudgetMs; waitedMs += pollMs) {
    const { inFlight, parked } = service.openRequests;
    if (inFlight + parked === 0) return;
    await timer(pollMs).over;
  }
}

function timer(ms: number): { readonly over: Promise<false>; clear(): void } {
  let handle: NodeJS.Timeout | undefined;
  const over = new Promise<false>((resolve) => {
    handle = setTimeout(() => resolve(false), ms);
  });
  return { over, clear: () => clearTimeout(handle) };
}
