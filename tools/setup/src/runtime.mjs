import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The oldest Node everything here is built for. */
const oldest = { major: 20, minor: 19 };

/**
 * @param {string} version such as `20.19.0`
 * @returns {string | undefined} one line for the user if this Node is too old
 */
export function refuseOldNode(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return undefined;
  return `Quorate needs Node.js ${String(oldest.major)}.${String(oldest.minor)} or newer; this is ${version}.`;
}

/**
 * The Node binary that npm installed with the workspace. The program itself is named, not the link in
 * `.bin`, so that a signal reaches it without a shim in between (on Windows `.bin` holds scripts).
 * Where there is none for this platform, the Node that runs us does.
 *
 * @param {string} root
 */
export function findNode(root) {
  const { platform, arch } = process;
  const os = platform === 'win32' ? 'win' : platform;
  const program = platform === 'win32' ? 'node.exe' : 'node';
  const candidates = [`node-${os}-${arch}`, `node-bin-${os}-${arch}`].map((name) =>
    join(root, 'node_modules', name, 'bin', program),
  );
  return candidates.find((path) => existsSync(path)) ?? process.execPath;
}

/**
 * The environment for a program of the workspace: its tools come first on the PATH, as in an npm
 * script.
 *
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function withWorkspacePath(root, env) {
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  const bin = join(root, 'node_modules', '.bin');
  return { ...env, [name]: [bin, env[name] ?? ''].join(delimiter) };
}
