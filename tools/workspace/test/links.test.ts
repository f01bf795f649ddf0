import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = join(__dirname, '..', '..', '..');
const skipped = new Set(['node_modules', 'dist', 'out-tsc']);

/** Every page below a folder; what Git ignores and what is hidden holds none of ours. */
function findPages(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name) || entry.name.startsWith('.')) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return findPages(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

const links = findPages(root).flatMap((page) => {
  const text = readFileSync(page, 'utf8').replaceAll(/```[^]*?```/g, '');
  return [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map(([, target = '']) => ({
    page: relative(root, page),
    target,
  }));
});

describe('the pages of the project', () => {
  it.each(links)('$page links to $target, which exists', ({ page, target }) => {
    expect(existsSync(join(root, dirname(page), target))).toBe(true);
  });

  it('are linked with one another', () => {
    expect(links.length).toBeGreaterThan(10);
  });
});
