/** Why a service could not start, in one line for the person who started it. */
export class StartError extends Error {
  override readonly name: string = 'StartError';
}
