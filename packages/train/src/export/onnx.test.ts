import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/dataset.fixture.js';
import { writeTinyModel } from '../testing/model.fixture.js';
import { exportOnnx } from './onnx.js';

const { path: folder, remove } = await temporaryFolder();
afterAll(remove);

it('overwrite replaces an export, but neither the checkpoint nor a folder with other contents', async () => {
  const model = join(folder, 'model');
  await writeTinyModel(model);
  const web = join(folder, 'web');
  for (let time = 0; time < 2; time++) await exportOnnx(model, `${web}/`, { overwrite: true });
  expect(await readdir(web)).toContain('onnx');
  await writeFile(join(web, 'index.html'), '');
  await expect(exportOnnx(model, web, { overwrite: true })).rejects.toThrow(/web: contains index\.html/);
  await expect(exportOnnx(model, model, { overwrite: true })).rejects.toThrow(/model: is the input/);
  expect(await readdir(model)).toContain('model.safetensors');
});

it('an aborted export leaves nothing behind', async () => {
  const model = join(folder, 'other');
  await writeTinyModel(model);
  const aborted = exportOnnx(model, join(folder, 'none'), { signal: AbortSignal.abort() });
  await expect(aborted).rejects.toThrow(/aborted/);
  expect((await readdir(folder)).filter((name) => name.startsWith('none'))).toEqual([]);
});
