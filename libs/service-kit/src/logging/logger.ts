/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment -- winston declares the base
   class of its own transports in another package than the one that makes them. */
import { createLogger as createWinston, format, transports, type Logger } from 'winston';
import { formatJsonLine, formatPrettyLine } from './line.ts';

export type { Logger };
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogFormat = 'json' | 'pretty';

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Members of every line, such as the cluster and the node. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Where lines go instead of the standard output; tests read what was logged. */
  readonly stream?: NodeJS.WritableStream;
}

const lineSymbol = Symbol.for('message');

export function createLogger(options: LoggerOptions): Logger {
  const render = options.format === 'json' ? formatJsonLine : formatPrettyLine;
  return createWinston({
    level: options.level,
    defaultMeta: { ...options.fields },
    format: format((info) => {
      const { level, message, ...fields } = info;
      info[lineSymbol] = render({ level, message: String(message), atMs: Date.now(), fields });
      return info;
    })(),
    transports: [
      options.stream === undefined
        ? new transports.Console()
        : new transports.Stream({ stream: options.stream }),
    ],
    // A logger must not decide about the end of the process: runService does.
    exitOnError: false,
  });
}

export function silentLogger(): Logger {
  return createWinston({ silent: true, transports: [new transports.Console()] });
}
