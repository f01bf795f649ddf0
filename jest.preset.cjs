const { join } = require('node:path');

/** `npm test` adds the projects up; it names a folder for what each of them came to. */
const resultsReporter = join(__dirname, 'tools', 'test', 'src', 'results-reporter.cjs');

// Node 24 was once seen to spin for ever in its own clean-up after all tests had passed. exit() does not
// go that way; and a handle that a test left open still keeps the process, because this runs when none is.
process.once('beforeExit', () => process.exit());

/** One Jest set-up for every project: swc turns TypeScript into what Jest runs, nothing is mocked by name. */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{src,test}/**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  watchman: false,
  // Tests wait for conditions, each with a patience of its own that says what it waited for. This is for
  // what hangs, on however slow a machine.
  testTimeout: 120_000,
  reporters: ['default', ...(process.env.TEST_RESULTS_DIR ? [resultsReporter] : [])],
};
