/**
 * What has to work before anything is installed: `npm start` and `npm test` begin here. Only Node's
 * own modules may be imported, and other tools reach this folder by path, since the links in
 * `node_modules` do not exist yet.
 */
export { CommandError, runQuietly } from './command.mjs';
export { ensureInstalled } from './install.mjs';
export { findNode, refuseOldNode, withWorkspacePath } from './runtime.mjs';
export { createSteps } from './steps.mjs';
export { createPaint, formatSeconds, wantsColour } from './terminal.mjs';

/** @typedef {import('./steps.mjs').Steps} Steps */
/** @typedef {import('./terminal.mjs').Output} Output */
/** @typedef {import('./terminal.mjs').Paint} Paint */
/** @typedef {import('./terminal.mjs').Style} Style */
