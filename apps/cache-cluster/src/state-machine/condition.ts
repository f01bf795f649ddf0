import type { Condition } from './commands.ts';

/** `version` is that of the key as it stands; `undefined` for a key that is not there. */
export function holds(condition: Condition | undefined, version: number | undefined): boolean {
  switch (condition?.kind) {
    case undefined:
      return true;
    case 'absent':
      return version === undefined;
    case 'present':
      return version !== undefined;
    case 'version-in':
      return version !== undefined && condition.versions.includes(version);
    case 'version-not-in':
      return version === undefined || !condition.versions.includes(version);
  }
}
