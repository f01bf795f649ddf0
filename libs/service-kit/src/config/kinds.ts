import { kindOf, type Kind } from './field.ts';

export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

function readInteger(text: string): number | undefined {
  if (!/^-?\d+$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

function within(value: number | undefined, bounds: Bounds): number | undefined {
  if (value === undefined) return undefined;
  return value >= (bounds.min ?? -Infinity) && value <= (bounds.max ?? Infinity)
    ? value
    : undefined;
}

function range({ min, max }: Bounds, unit = ''): string {
  if (min !== undefined && max !== undefined) return ` from ${min}${unit} to ${max}${unit}`;
  if (min !== undefined) return ` of at least ${min}${unit}`;
  if (max !== undefined) return ` of at most ${max}${unit}`;
  return '';
}

export const integer = (bounds: Bounds = {}): Kind<number> =>
  kindOf(`a whole number${range(bounds)}`, (text) => within(readInteger(text), bounds));

export const port = (): Kind<number> =>
  kindOf('a port number from 1 to 65535', (text) =>
    within(readInteger(text), { min: 1, max: 65_535 }),
  );

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Plain numbers are milliseconds; `500ms`, `2s`, `5m` and `1h` say their unit. */
export const durationMs = (bounds: Bounds = {}): Kind<number> =>
  kindOf(`milliseconds or a time such as 500ms, 2s or 5m${range(bounds, ' ms')}`, (text) =>
    within(readScaled(text, durationUnits, 'ms'), bounds),
  );

const byteUnits: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 1_024,
  mib: 1_048_576,
  gib: 1_073_741_824,
};

/** Plain numbers are bytes; `64KiB`, `1MiB` and `1MB` say their unit. */
export const bytes = (bounds: Bounds = {}): Kind<number> =>
  kindOf(`bytes or a size such as 64KiB or 1MiB${range(bounds, ' bytes')}`, (text) =>
    within(readScaled(text, byteUnits, 'b'), bounds),
  );

function readScaled(
  text: string,
  units: Readonly<Record<string, number>>,
  plain: string,
): number | undefined {
  const match = /^(\d+)\s*([a-z]*)$/i.exec(text);
  if (match === null) return undefined;
  const unit = units[(match[2] === '' ? plain : match[2]!).toLowerCase()];
  const value = unit === undefined ? NaN : Number(match[1]) * unit;
  return Number.isSafeInteger(value) ? value : undefined;
}

const words: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  1: true,
  false: false,
  no: false,
  off: false,
  0: false,
};

export const flag = (): Kind<boolean> =>
  kindOf('true or false', (text) => words[text.toLowerCase()]);

export function oneOf<const T extends string>(choices: readonly T[]): Kind<T> {
  const takes = `one of ${choices.join(', ')}`;
  return kindOf(takes, (text) => choices.find((choice) => choice === text.toLowerCase()));
}

export const text = (takes = 'any text', pattern = /^[^]+$/): Kind<string> =>
  kindOf(takes, (value) => (pattern.test(value) ? value : undefined));

export const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const name = (): Kind<string> =>
  text('a name of at most 64 letters, digits, ".", "_" and "-"', namePattern);

export const host = (): Kind<string> =>
  text(
    'a host name or address without a port',
    /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253})|::|[0-9a-f:]*:[0-9a-f:.]+)$/i,
  );
