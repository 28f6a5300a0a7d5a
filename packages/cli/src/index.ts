/** The `mlm` command line: `main` is what `bin/mlm.js` runs; the rest is for tools that describe the commands. */
export { main } from './main.js';
export { createProgram } from './program.js';
