import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';

/** Which lines are mutated: a part of them, from 0 to 1, that the seed chooses. */
export const sample = { part: 1, seed: 0 };

/** Leaves out what stands on a line that is not in the {@link sample}; what spans several lines is always mutated. */
class LineSampler {
  /** @param {import('@babel/core').NodePath} path */
  shouldIgnore({ node: { loc } }) {
    if (sample.part === 1 || !loc || loc.start.line !== loc.end.line) return undefined;
    return uniform(sample.seed, loc.start.line) < sample.part ? undefined : 'its line is not in the sample';
  }
}

/**
 * A number in [0, 1) for a line: the finalizer of MurmurHash3.
 * @param {number} seed
 * @param {number} line
 */
function uniform(seed, line) {
  let hash = seed ^ Math.imul(line, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** Prints each mutant that no test notices as soon as it is known, and how many were tested every minute. */
class SurvivorReporter {
  #tested = 0;
  #printed = Date.now();

  /** @param {import('@stryker-mutator/api/core').MutantResult} mutant */
  onMutantTested({ status, location, mutatorName, replacement }) {
    this.#tested++;
    if (status === 'Survived' || status === 'NoCoverage') {
      const { line, column } = location.start;
      console.log(`  ${line}:${column} ${mutatorName}: ${replacement?.slice(0, 150)}`);
    }
    if (Date.now() - this.#printed < 60_000) return;
    this.#printed = Date.now();
    console.log(`  ${this.#tested} mutants tested`);
  }
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.Ignore, 'sample', LineSampler),
  declareClassPlugin(PluginKind.Reporter, 'survivors', SurvivorReporter),
];
