import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { someText, writeFiles } from './corpus.js';
import { launcher, runMlm, runShell, temporaryFolder } from './run-mlm.js';

const cwd = temporaryFolder();
const script = fileURLToPath(new URL('../../../examples/slurm.sh', import.meta.url));

const onPath = { PATH: `${join(cwd, 'bin')}${delimiter}${process.env.PATH}` };

beforeAll(() => {
  writeFiles(cwd, Object.fromEntries([1, 2, 3, 4].map((i) => [`corpus/${i}.txt`, someText(200, i)])));
  mkdirSync(join(cwd, 'bin'));
  writeFileSync(join(cwd, 'bin/mlm'), `#!/bin/sh\nexec "${process.execPath}" "${launcher}" "$@"\n`);
  chmodSync(join(cwd, 'bin/mlm'), 0o755);
});

test('the tasks of a Slurm array, whatever they count from and by, make the parts of one run', async () => {
  for (const id of [3, 5, 7]) {
    const env = {
      ...onPath,
      SLURM_ARRAY_TASK_ID: String(id),
      SLURM_ARRAY_TASK_MIN: '3',
      SLURM_ARRAY_TASK_STEP: '2',
      SLURM_ARRAY_TASK_COUNT: '3',
    };
    const { code, stderr } = await runShell(`bash "${script}" corpus/ out.arrow`, { cwd, env });
    expect(code).toBe(0);
    expect(stderr).toContain(`mlm: part ${(id - 3) / 2} (from 0) of 3 only, by SLURM_ARRAY_TASK_ID=${id}\n`);
  }
  const merge = 'mlm merge out.part-*-of-00003.arrow out.arrow -q && mlm preprocess corpus/ one.arrow -q';
  expect(await runShell(`${merge} && cmp out.arrow one.arrow`, { cwd })).toMatchObject({
    code: 0,
    stderr: '',
  });
});

test('an array of one task writes the whole, and goes on where it was stopped', async () => {
  // A limit on the size of files, in KiB, stops it when the first of two units of work is done.
  const large = someText(2000).repeat(20);
  expect(large.length).toBeGreaterThan(5e6);
  writeFiles(cwd, { 'large/1.txt': large, 'large/2.txt': large });
  await runShell('ulimit -f 16000; mlm preprocess large/ only.arrow --workers 1 -q', { cwd, env: onPath });
  expect(existsSync(join(cwd, 'only.arrow.partial'))).toBe(true);
  const env = {
    ...onPath,
    SLURM_ARRAY_TASK_ID: '4',
    SLURM_ARRAY_TASK_MIN: '4',
    SLURM_ARRAY_TASK_STEP: '1',
    SLURM_ARRAY_TASK_COUNT: '1',
  };
  const { code, stderr } = await runShell(`bash "${script}" large/ only.arrow`, { cwd, env });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const again = 'mlm preprocess large/ whole.arrow -q && cmp only.arrow whole.arrow';
  expect(await runShell(again, { cwd, env: onPath })).toMatchObject({ code: 0, stderr: '' });
});

test('a task of an array that does not say so works on everything, and a line names the option', async () => {
  const env = { SLURM_ARRAY_TASK_ID: '3' };
  const { stderr } = await runMlm(['preprocess', 'corpus', 'all.arrow', '-q'], { cwd, env });
  expect(stderr).toMatch(
    /^mlm: task 3 of a Slurm array processes the whole input; --rank slurm-array [^\n]*\n$/,
  );
});

test('an empty stream gives an empty stream, with the columns and without the tokenizer if asked', async () => {
  const { code, stdout, stderr } = await runMlm(['preprocess', '-', '-', '--no-tokenizer-files', '-q'], {
    cwd,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  writeFileSync(join(cwd, 'empty.arrow'), stdout);
  const { stdout: shown } = await runMlm(['inspect', 'empty.arrow', '--json'], { cwd });
  const { columns, splits } = JSON.parse(shown.toString()) as {
    columns: { name: string }[];
    splits: { train: { rows: number } };
  };
  expect(columns.map(({ name }) => name)).toEqual(['input_ids', 'labels', 'attention_mask']);
  expect(splits.train.rows).toBe(0);
  expect(readFileSync(join(cwd, 'empty.arrow')).length).toBeLessThan(20_000);
});
