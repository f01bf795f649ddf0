import { formatSeconds } from './terminal.mjs';

/** @typedef {import('./terminal.mjs').Output} Output */
/** @typedef {import('./terminal.mjs').Paint} Paint */

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const frameMs = 100;
const reminderMs = 15_000;
const clearLine = '\r\u001b[2K';

/**
 * Shows the steps of a tool one after the other. On a terminal the running step spins and counts; in
 * a log it is announced once, reminded of every 15 seconds, and ends with a line of its own.
 *
 * @param {{ output: Output, paint: Paint, nowMs?: () => number }} options
 */
export function createSteps({ output, paint, nowMs = () => performance.now() }) {
  const interactive = output.isTTY === true;

  /**
   * @param {string} title
   * @param {number} startMs
   */
  const showRunning = (title, startMs) => {
    let frame = 0;
    const draw = () => {
      const elapsed = formatSeconds(nowMs() - startMs);
      if (interactive) {
        const spinner = paint('cyan', frames[frame++ % frames.length] ?? '');
        output.write(`${clearLine}${spinner} ${title} ${paint('dim', elapsed)}`);
      } else {
        output.write(`  ${title}: still at it after ${elapsed}\n`);
      }
    };
    if (interactive) draw();
    else output.write(`  ${title} …\n`);
    return setInterval(draw, interactive ? frameMs : reminderMs);
  };

  return {
    /**
     * Runs one step. What `work` resolves to, if it is text, is shown behind the title.
     *
     * @param {string} title
     * @param {() => Promise<string | undefined>} work
     */
    async run(title, work) {
      const startMs = nowMs();
      const timer = showRunning(title, startMs);
      /** @type {string | undefined} */
      let detail;
      let succeeded = false;
      try {
        detail = await work();
        succeeded = true;
      } finally {
        clearInterval(timer);
        const mark = succeeded ? paint('green', '✔') : paint('red', '✘');
        const what = detail === undefined ? title : `${title}: ${detail}`;
        const elapsed = paint('dim', formatSeconds(nowMs() - startMs));
        output.write(`${interactive ? clearLine : ''}${mark} ${what} ${elapsed}\n`);
      }
    },
  };
}

/** @typedef {ReturnType<typeof createSteps>} Steps */
