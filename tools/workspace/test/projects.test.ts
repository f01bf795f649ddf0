import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..', '..');
const read = (...path: readonly string[]): unknown =>
  JSON.parse(readFileSync(join(root, ...path), 'utf8'));

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly nx: { readonly tags: readonly string[] };
}

const filesOf = (folder: string): readonly string[] => readdirSync(join(root, folder));

const projects = ['apps', 'libs', 'tools'].flatMap((folder) =>
  filesOf(folder)
    .map((name) => `${folder}/${name}`)
    .filter((project) => filesOf(project).includes('package.json')),
);

const typed = projects.filter((project) => filesOf(project).includes('tsconfig.json'));

describe('every project of the workspace', () => {
  it.each(projects)(
    '%s says by one tag what it is, so that the boundaries apply to it',
    (project) => {
      const { nx } = read(project, 'package.json') as Manifest;
      expect(nx.tags).toEqual([
        expect.stringMatching(/^type:(app|kit|consensus|pure|testkit|tool)$/),
      ]);
    },
  );

  it.each(projects)('%s depends on exact versions', (project) => {
    const { dependencies = {} } = read(project, 'package.json') as Manifest;
    for (const [name, version] of Object.entries(dependencies)) {
      expect(`${name} ${version}`).toMatch(
        name.startsWith('@quorate/') ? / \*$/ : / \d+\.\d+\.\d+$/,
      );
    }
  });

  it.each(projects)('%s depends only on what the list of dependencies accounts for', (project) => {
    const list = readFileSync(join(root, 'docs', 'adr', '0004-dependencies.md'), 'utf8');
    const { dependencies = {} } = read(project, 'package.json') as Manifest;
    for (const name of Object.keys(dependencies)) {
      if (!name.startsWith('@quorate/')) expect(list).toContain(`| ${name} `);
    }
  });

  it.each(typed)('%s is part of the type check', (project) => {
    const { references } = read('tsconfig.json') as { references: { path: string }[] };
    expect(references.map(({ path }) => path)).toContain(project);
  });
});
