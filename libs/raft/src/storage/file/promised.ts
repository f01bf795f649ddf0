import type { Answer, Completion } from './file-system.ts';

/** For the paths that are walked rarely, where an `await` reads better than a callback. */
export const completed = (start: (done: Completion) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    start((failure) => {
      if (failure === null) resolve();
      else reject(failure);
    });
  });

export const answered = <T>(start: (done: Answer<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    start((failure, value) => {
      if (failure === null) resolve(value as T);
      else reject(failure);
    });
  });
