import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { createProjectGraphAsync } from '@nx/devkit';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

/**
 * Lints pieces of code with the workspace's own configuration, as if they stood in the files named:
 * reads `[{ path, code }]` from the standard input and answers `[[{ ruleId, message }]]`.
 *
 * This is a program of its own because ESLint loads its configuration as an ES module, which it
 * cannot do inside Jest.
 */
const root = fileURLToPath(new URL('../../../', import.meta.url));

// Without a project graph in the cache the boundary rule gives up silently instead of refusing.
await createProjectGraphAsync({ exitOnError: true });

const eslint = new ESLint({
  cwd: root,
  // The files do not exist, so there is no type information for them. No boundary needs any.
  overrideConfig: [tseslint.configs.disableTypeChecked],
});

/** @type {readonly { path: string, code: string }[]} */
const snippets = JSON.parse(await text(process.stdin));
const answers = await Promise.all(
  snippets.map(async ({ path, code }) => {
    const [result] = await eslint.lintText(code, { filePath: path });
    return result?.messages.map(({ ruleId, message }) => ({ ruleId, message })) ?? [];
  }),
);
process.stdout.write(JSON.stringify(answers));
