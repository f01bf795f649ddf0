import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/**
 * Folders whose code is a pure function of its inputs. They may not reach for a clock, a timer, a
 * socket, a disk or randomness: whatever they need is handed to them, so that a whole cluster can be
 * simulated from one seed.
 */
const pureFolders = [
  'libs/raft/src/core/**/*.ts',
  'libs/hashing/src/**/*.ts',
  'libs/mesi/src/**/*.ts',
  'libs/failure-detector/src/**/*.ts',
  'apps/*/src/state-machine/**/*.ts',
];

const tests = ['**/*.test.ts', '**/test/**/*.ts'];

/** Who may import whom: apps → kit → raft, and everybody → pure; nobody but tests and tools → testkit. */
const mayImport = {
  'type:app': ['type:kit', 'type:consensus', 'type:pure'],
  'type:kit': ['type:consensus', 'type:pure'],
  'type:consensus': ['type:pure'],
  'type:pure': ['type:pure'],
  'type:testkit': ['type:consensus', 'type:pure'],
  'type:tool': ['type:testkit', 'type:kit', 'type:consensus', 'type:pure'],
};

const boundaries = (alsoAllowed) => [
  'error',
  {
    enforceBuildableLibDependency: false,
    allow: [],
    depConstraints: Object.entries(mayImport).map(([sourceTag, allowed]) => ({
      sourceTag,
      onlyDependOnLibsWithTags: [...new Set([...allowed, ...alsoAllowed(sourceTag)])],
    })),
  },
];

export default tseslint.config(
  {
    ignores: ['**/dist', '**/out-tsc', '**/.nx', '**/.quorate', '**/*.cjs', '**/node_modules'],
  },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': boundaries(() => []),
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: false, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
        { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
      ],
      eqeqeq: 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
    },
  },
  {
    files: pureFolders,
    ignores: tests,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: [
                'node:*',
                'express',
                'ioredis',
                'winston',
                'prom-client',
                'fs',
                'net',
                'http',
              ],
              message: 'This folder is pure: I/O belongs in a driver.',
            },
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        ...[
          'process',
          'setTimeout',
          'setInterval',
          'setImmediate',
          'queueMicrotask',
          'performance',
          'crypto',
          'fetch',
        ].map((name) => ({ name, message: 'This folder is pure: take it as an input.' })),
      ],
      'no-restricted-properties': [
        'error',
        {
          object: 'Date',
          property: 'now',
          message: 'This folder is pure: take the time as an input.',
        },
        { object: 'Math', property: 'random', message: 'This folder is pure: take a generator.' },
      ],
    },
  },
  {
    files: ['libs/raft/src/core/**/*.ts'],
    ignores: tests,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!\\./|\\.\\./)|^\\.\\./(?:\\.\\./|storage|transport|replica)',
              message: 'The core imports nothing but itself.',
            },
          ],
        },
      ],
    },
  },
  {
    files: tests,
    rules: {
      '@nx/enforce-module-boundaries': boundaries((source) =>
        source === 'type:app' || source === 'type:kit' ? ['type:testkit'] : [],
      ),
      'max-lines': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['tools/**', 'libs/testkit/**'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.mjs'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: {
      'no-restricted-syntax': 'off',
      '@typescript-eslint/explicit-function-return-type': 'off',
    },
  },
);
