import { spawn } from 'node:child_process';

/** How much of a command's output is kept for the case that it fails. */
const outputCharsMax = 32_768;

/** A command that could not be started, was ended, or answered with a code other than 0. */
export class CommandError extends Error {
  /**
   * @param {string} message
   * @param {string} output the end of what the command wrote
   */
  constructor(message, output) {
    super(message);
    this.name = 'CommandError';
    this.output = output;
  }
}

/**
 * Runs a command without showing what it writes, unless it fails: then the end of it is in the error.
 *
 * @param {{ file: string, args: readonly string[], shell?: boolean }} command
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv, signal?: AbortSignal | undefined }} options
 * @returns {Promise<string>} the end of what the command wrote
 */
export function runQuietly({ file, args, shell = false }, { cwd, env = process.env, signal }) {
  return new Promise((resolve, reject) => {
    let output = '';
    const what = [file, ...args].join(' ');
    const child = spawn(file, [...args], {
      cwd,
      env,
      shell,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    });
    /** @param {string} text */
    const keep = (text) => {
      output = (output + text).slice(-outputCharsMax);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.once('error', (error) => {
      reject(new CommandError(`${what}: ${error.message}`, output));
    });
    child.once('close', (code, endSignal) => {
      if (code === 0) resolve(output);
      else reject(new CommandError(`${what} ended with ${String(code ?? endSignal)}`, output));
    });
  });
}
