import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPython } from '../measure/python.js';

const trainer = fileURLToPath(new URL('train.py', import.meta.url));

/**
 * Trains vocabularies on each text with Rust tokenizers, and measures with each of them in turn.
 * @template Row
 * @param {{ corpora: string[], models: string[], python: string | undefined }} options
 * @param {(on: { corpus: string, model: string, tokenizer: string, folder: string, python: string }) => Promise<Row[]>} measure
 *   `tokenizer` is a tokenizer.json in `folder`, which is removed at the end; `python` has Rust tokenizers
 * @returns {Promise<Row[] | undefined>} the rows of all; undefined without such a Python
 */
export async function eachTokenizer({ corpora, models, python: given }, measure) {
  const python = findPython(given, ['tokenizers']);
  if (!python) return undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'mlm-bench-'));
  try {
    const rows = [];
    for (const corpus of corpora) {
      execFileSync(python, [trainer, corpus, folder], { stdio: 'inherit' });
      for (const model of models) {
        const tokenizer = path.join(folder, `${model}.json`);
        rows.push(...(await measure({ corpus, model, tokenizer, folder, python })));
      }
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
