import { readFileSync } from 'node:fs';
import type { ConfigResult } from './read.ts';

export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca: string | undefined;
}

interface TlsFiles {
  readonly tlsCertFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  readonly tlsCaFile: string | undefined;
}

/**
 * Reads the PEM files a configuration names. A file that cannot be read is a mistake of the
 * configuration like any other, so this too answers one line per mistake.
 */
export function readTls(files: TlsFiles): ConfigResult<TlsMaterial | undefined> {
  const mistakes: string[] = [];
  const read = (variable: string, path: string | undefined): string | undefined => {
    if (path === undefined) return undefined;
    try {
      const pem = readFileSync(path, 'utf8');
      if (pem.includes('-----BEGIN ')) return pem;
      mistakes.push(`${variable} = ${JSON.stringify(path)}: takes a PEM file, and this is none`);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
      mistakes.push(`${variable} = ${JSON.stringify(path)}: takes a readable PEM file (${code})`);
    }
    return undefined;
  };
  const cert = read('TLS_CERT_FILE', files.tlsCertFile);
  const key = read('TLS_KEY_FILE', files.tlsKeyFile);
  const ca = read('TLS_CA_FILE', files.tlsCaFile);
  if (mistakes.length > 0) return { ok: false, mistakes };
  if (cert === undefined || key === undefined) return { ok: true, config: undefined };
  return { ok: true, config: { cert, key, ca } };
}
