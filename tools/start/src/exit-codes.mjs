/** What `npm start` answers: a wrong command line is told from a start that failed. */
export const exitCodes = { clean: 0, failed: 1, usage: 2 };
