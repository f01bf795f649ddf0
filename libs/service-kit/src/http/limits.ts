export interface Limits {
  readonly bodyLimitBytes: number;
  readonly requestTimeoutMs: number;
  readonly inFlightMax: number;
  readonly parkedMax: number;
}

export const limitDefaults: Limits = {
  bodyLimitBytes: 1_048_576,
  requestTimeoutMs: 10_000,
  inFlightMax: 4_096,
  parkedMax: 10_000,
};
