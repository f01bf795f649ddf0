import { builtinModules } from 'node:module';
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

const tests = ['**/*.test.ts', '**/test/**/*.ts', 'apps/*/chaos/**/*.ts'];

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

const pureImport = 'This folder is pure: I/O belongs in a driver.';

const restrictedSyntax = [
  { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
  { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
];

/**
 * The Raft core imports nothing but itself. How many steps up are still inside depends on how deep a
 * file stands, so each depth has a block of its own.
 */
const coreFolder = 'libs/raft/src/core';
const coreBlocks = [0, 1, 2].map((depth) => ({
  files: [`${coreFolder}/${'*/'.repeat(depth)}*.ts`],
  ignores: tests,
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^(?!\\.\\.?/)|^(?:\\.\\./){${depth + 1}}`,
            message: 'The core imports nothing but itself.',
          },
        ],
      },
    ],
  },
}));

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
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      'no-restricted-syntax': ['error', ...restrictedSyntax],
      // Nx follows an import to a project by the entry the project exports, and an app exports none.
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^@quorate/[^/]+-cluster(?:/|$)',
              message: 'Nobody imports an app: what two apps share belongs in a lib.',
            },
          ],
        },
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
          paths: [...builtinModules, 'express', 'ioredis', 'winston', 'prom-client'].map(
            (name) => ({
              name,
              message: pureImport,
            }),
          ),
          patterns: [{ regex: '^node:', message: pureImport }],
        },
      ],
      'no-restricted-globals': [
        'error',
        ...[
          'globalThis',
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
      'no-restricted-syntax': [
        'error',
        ...restrictedSyntax,
        {
          selector:
            ':matches(NewExpression, CallExpression)[callee.name="Date"][arguments.length=0]',
          message: 'This folder is pure: take the time as an input.',
        },
      ],
    },
  },
  ...coreBlocks,
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
