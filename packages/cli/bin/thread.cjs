// Starts a thread of `mlm preprocess` where Node does not keep compiled code itself.
const { fileURLToPath } = require('node:url');
const { workerData: url } = require('node:worker_threads');

require('./compiled-code.cjs')('thread');
if (url.endsWith('.cjs')) require(fileURLToPath(url));
else import(url);
