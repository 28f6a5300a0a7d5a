import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';

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

export const strykerPlugins = [declareClassPlugin(PluginKind.Reporter, 'survivors', SurvivorReporter)];
