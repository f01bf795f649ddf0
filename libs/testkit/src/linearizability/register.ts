import type { Model } from './model.ts';

/**
 * A register per key whose every write gets a version greater than all before, as a store gives that
 * uses log indexes for versions. `undefined` as a value stands for "no such key".
 */
export type RegisterInput =
  | { readonly kind: 'read'; readonly key: string }
  | { readonly kind: 'write'; readonly key: string; readonly value: string | undefined }
  /** Writes only over exactly this version; 0 stands for a key that was never there. */
  | {
      readonly kind: 'compare-and-set';
      readonly key: string;
      readonly expectedVersion: number;
      readonly value: string | undefined;
    };

export type RegisterOutput =
  /** `version` left out where the client is not told. */
  | { readonly kind: 'value'; readonly value: string | undefined; readonly version?: number }
  | { readonly kind: 'written'; readonly version?: number }
  | { readonly kind: 'conflict' };

export interface RegisterState {
  readonly value: string | undefined;
  /** The version, or, when nobody saw the answer of the last write, what it must be greater than. */
  readonly version: number;
  readonly exact: boolean;
}

export const registerModel: Model<RegisterInput, RegisterOutput, RegisterState> = {
  initial: { value: undefined, version: 0, exact: true },
  key: (input) => input.key,
  isRead: (input) => input.kind === 'read',
  fingerprint: (state) => `${state.exact ? '=' : '>'}${state.version} ${state.value ?? '\0'}`,
  step: (state, input, output) => {
    switch (input.kind) {
      case 'read':
        return output?.kind === 'value' ? read(state, output.value, output.version) : undefined;
      case 'write':
        if (output !== undefined && output.kind !== 'written') return undefined;
        return write(state, input.value, output?.version);
      case 'compare-and-set': {
        const matches = mayBe(state, input.expectedVersion);
        if (output?.kind === 'conflict') {
          return state.exact && state.version === input.expectedVersion ? undefined : state;
        }
        if (!matches || output?.kind === 'value') return undefined;
        return write(
          { ...state, version: input.expectedVersion, exact: true },
          input.value,
          output?.version,
        );
      }
    }
  },
  describe: (input, output) =>
    `${JSON.stringify(input)} → ${output === undefined ? '?' : JSON.stringify(output)}`,
};

const mayBe = (state: RegisterState, version: number): boolean =>
  state.exact ? state.version === version : version > state.version;

function read(
  state: RegisterState,
  value: string | undefined,
  version: number | undefined,
): RegisterState | undefined {
  if (state.value !== value) return undefined;
  if (version === undefined) return state;
  return mayBe(state, version) ? { value, version, exact: true } : undefined;
}

function write(
  state: RegisterState,
  value: string | undefined,
  version: number | undefined,
): RegisterState | undefined {
  if (version === undefined) return { value, version: state.version, exact: false };
  return version > state.version ? { value, version, exact: true } : undefined;
}
