/** Progress goes to standard error, so that standard output holds the tables alone. @param {string} line */
export const log = (line) => process.stderr.write(`${line}\n`);
