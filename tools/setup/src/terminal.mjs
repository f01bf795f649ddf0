/** Where a tool writes: a stream that knows whether a person is looking at it. */

/** @typedef {{ write(text: string): unknown, isTTY?: boolean | undefined }} Output */

const codes = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
  brightGreen: 92,
  brightYellow: 93,
  brightBlue: 94,
  brightMagenta: 95,
  brightCyan: 96,
};

/** @typedef {keyof typeof codes} Style */

/**
 * Colours follow the two conventions people rely on (`NO_COLOR`, `FORCE_COLOR`) before the terminal.
 *
 * @param {Output} output
 * @param {NodeJS.ProcessEnv} env
 */
export function wantsColour(output, env) {
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR']) return !['0', 'false'].includes(env['FORCE_COLOR']);
  return output.isTTY === true;
}

/**
 * @param {boolean} enabled
 * @returns {(style: Style, text: string) => string}
 */
export function createPaint(enabled) {
  return (style, text) => (enabled ? `\u001b[${String(codes[style])}m${text}\u001b[0m` : text);
}

/** @typedef {ReturnType<typeof createPaint>} Paint */

/** @param {number} ms */
export function formatSeconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
