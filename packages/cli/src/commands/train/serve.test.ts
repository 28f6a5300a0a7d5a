import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serveReport } from './serve.js';

test('serves the report of the moment on the loopback address, and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mlm-serve-'));
  const { url, close } = await serveReport(folder, 0);
  try {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await (await fetch(url)).text()).toContain('No step is done yet');
    await writeFile(join(folder, 'report.html'), 'step 1');
    expect(await (await fetch(url)).text()).toBe('step 1');
    await writeFile(join(folder, 'report.html'), 'step 2');
    expect(await (await fetch(url)).text()).toBe('step 2');
    expect((await fetch(`${url}../trainer_state.json`)).status).toBe(404);
    const taken = Number(new URL(url).port);
    await expect(serveReport(folder, taken)).rejects.toThrow(`port ${taken} cannot be used (EADDRINUSE)`);
  } finally {
    await close();
    await rm(folder, { recursive: true });
  }
});

test('pages that are open hear of a new report, and get the last one whole when the run ends', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mlm-serve-'));
  const { url, close } = await serveReport(folder, 0);
  const stream = (await fetch(`${url}events`)).body!.pipeThrough(new TextDecoderStream()).getReader();
  try {
    await writeFile(join(folder, 'report.html'), 'step 1');
    expect((await stream.read()).value).toBe('data: report\n\n');
    await writeFile(join(folder, 'report.html'), 'the\nlast');
  } finally {
    await close();
    await rm(folder, { recursive: true });
  }
  let rest = '';
  for (let read = await stream.read(); !read.done; read = await stream.read()) rest += read.value;
  expect(rest.endsWith('event: end\ndata: "the\\nlast"\n\n')).toBe(true);
  await expect(fetch(url)).rejects.toThrow();
});
