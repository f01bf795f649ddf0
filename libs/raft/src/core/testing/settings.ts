/** Small numbers, so that every bound is met in a test of a few events. */
export const testTiming = {
  electionTimeoutMinMs: 100,
  electionTimeoutMaxMs: 200,
  heartbeatIntervalMs: 20,
};

export const testLimits = {
  inflightMessagesMax: 4,
  inflightBytesMax: 2_000,
  appendBytesMax: 400,
  gatherMs: 0,
  uncommittedBytesMax: 10_000,
  trailingBytesMax: 300,
};
