import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';

/** The doors of the packages that stay open without Node. */
const entries = [
  '@mlm/base/errors',
  '@mlm/arrow/columns',
  '@mlm/tokenize/core',
  '@mlm/masking/core',
  '@mlm/compile',
  '@mlm/train/core',
  '@mlm/pages/browser',
];

test.each(entries)('%s is bundled for a browser without a module of Node', async (entry) => {
  const nodeModules: string[] = [];
  const bundle = await rolldown({
    input: 'entry',
    platform: 'browser',
    logLevel: 'silent',
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? '\0entry' : undefined),
        load: (id) => (id === '\0entry' ? `export * from '${entry}';` : undefined),
      },
      {
        name: 'no-node',
        resolveId(id, importer) {
          if (id.startsWith('node:')) nodeModules.push(`${id} in ${importer}`);
          return undefined;
        },
      },
    ],
    cwd: import.meta.dirname,
  });
  await bundle.generate({ format: 'es' });
  await bundle.close();
  expect(nodeModules).toEqual([]);
});
