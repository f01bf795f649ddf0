/** What goes well is told on the standard output, between the lines of the nodes. */
export const output = process.stdout;

/** @param {string} line */
export const say = (line) => {
  output.write(`${line}\n`);
};

/** Why the launcher gave up, one line each. @param {readonly string[]} lines */
export const complain = (lines) => {
  for (const line of lines) process.stderr.write(`${line}\n`);
};
