/** No room, or none that this user may take: as file systems say it, and stores that are not files. */
export const isNoRoom = (failure: Error & { readonly code?: string | undefined }): boolean =>
  failure.code === 'ENOSPC' || failure.code === 'EDQUOT';

export const noRoom = (message: string): Error =>
  Object.assign(new Error(message), { code: 'ENOSPC' });
