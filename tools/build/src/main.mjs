import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { buildApp } from './bundle.mjs';

/** `node tools/build/src/main.mjs lock-cluster …` bundles each app named into its `dist` folder. */

const root = fileURLToPath(new URL('../../../', import.meta.url));
const apps = process.argv.slice(2);

if (apps.length === 0) {
  console.error('usage: node tools/build/src/main.mjs <app>…');
  process.exit(2);
}

try {
  await Promise.all(
    apps.map(async (app) => {
      const startMs = performance.now();
      const { outfile, bytes } = await buildApp(root, app);
      const took = Math.round(performance.now() - startMs);
      console.log(
        `${app}: ${outfile} (${String(Math.round(bytes / 1024))} kB, ${String(took)} ms)`,
      );
    }),
  );
} catch (error) {
  // esbuild has already shown where the mistake is; its stack would only bury that.
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
