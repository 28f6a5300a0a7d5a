import fc from 'fast-check';

// One fixed seed makes a run repeatable; FAST_CHECK_SEED tries another. A failure prints seed and path to replay.
const seed = Number(process.env.FAST_CHECK_SEED ?? 20180510);
fc.configureGlobal({ seed, verbose: 1 });
