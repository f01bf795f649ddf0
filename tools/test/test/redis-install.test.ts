import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRedisServer, installCommands } from '../src/redis-install.mjs';

describe('installing a Redis', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'quorate-bin-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const withPrograms = async (...names: readonly string[]): Promise<NodeJS.ProcessEnv> => {
    for (const name of names) {
      await writeFile(join(folder, name), '');
      await chmod(join(folder, name), 0o755);
    }
    return { PATH: folder };
  };
  const commandLines = (env: NodeJS.ProcessEnv, isRoot: boolean): readonly string[] =>
    installCommands(env, isRoot).map(({ file, args }) => [file, ...args].join(' '));

  it('takes apt as root, without questions', async () => {
    expect(commandLines(await withPrograms('apt-get'), true)).toEqual([
      'apt-get update -qq',
      'apt-get install -y -qq --no-install-recommends redis-server',
    ]);
  });

  it('takes apk as root', async () => {
    expect(commandLines(await withPrograms('apk'), true)).toEqual(['apk add --quiet redis']);
  });

  it('leaves the system alone for anybody but root', async () => {
    expect(commandLines(await withPrograms('apt-get', 'apk'), false)).toEqual([]);
  });

  it('takes Homebrew, which belongs to its user', async () => {
    expect(commandLines(await withPrograms('brew'), false)).toEqual(['brew install --quiet redis']);
  });

  it('is not needed where a redis-server or a valkey-server is on the PATH', async () => {
    expect(findRedisServer({ PATH: folder })).toBeUndefined();
    const env = await withPrograms('valkey-server');
    expect(findRedisServer(env)).toBe(join(folder, 'valkey-server'));
    expect(findRedisServer(await withPrograms('redis-server'))).toBe(join(folder, 'redis-server'));
  });
});
