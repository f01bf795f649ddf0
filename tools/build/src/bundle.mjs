import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * The packages we bundle are mostly CommonJS and call `require` for Node's own modules at run time;
 * an ES module has no `require` unless it makes one.
 */
const requireForCommonJs = [
  "import { createRequire as quorateCreateRequire } from 'node:module';",
  'const require = quorateCreateRequire(import.meta.url);',
].join('\n');

/**
 * Bundles `apps/<app>/src/main.ts` with everything it imports into one file, so that a node starts
 * from a single read, and an image needs nothing but this file and Node. Names and lines stay as they
 * are: a stack trace is worth more than the bytes.
 *
 * @param {string} root
 * @param {string} app
 */
export async function buildApp(root, app) {
  const outfile = join(root, 'apps', app, 'dist', 'main.mjs');
  await build({
    entryPoints: [join(root, 'apps', app, 'src', 'main.ts')],
    outfile,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: true,
    sourcesContent: false,
    banner: { js: requireForCommonJs },
    logLevel: 'warning',
  });
  return { outfile, bytes: (await stat(outfile)).size };
}
