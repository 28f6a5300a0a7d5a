import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ruleOf } from '../testing.fixture.js';
import { maskWithUniforms } from './mask-rows.js';

interface GoldenCase {
  vocab_size: number;
  input_ids: number[];
  uniform_draws: number[];
  mask_probability: number;
  safe_selection: number[];
  masked_input_ids: number[];
  labels_as_in_the_notebook: number[];
  labels_loss_on_masked_only: number[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../fixtures/golden-case.json', import.meta.url), 'utf8'),
) as GoldenCase;

const parts = { probability: golden.mask_probability, seed: 0, vocabularySize: golden.vocab_size };
const rule = ruleOf(parts);
const column = {
  values: Int32Array.from(golden.input_ids),
  offsets: Int32Array.of(0, golden.input_ids.length),
};
const uniforms = { select: golden.uniform_draws };

describe("the notebook's case", () => {
  it('puts [MASK] on the selection, never on [CLS]', () => {
    const { input_ids, attention_mask } = maskWithUniforms(column, rule, uniforms);
    expect([...input_ids.values]).toEqual(golden.masked_input_ids);
    expect(golden.safe_selection).toEqual(
      golden.masked_input_ids.flatMap((id, i) => (id === golden.input_ids[i] ? [] : [i])),
    );
    expect([...attention_mask.values]).toEqual(golden.input_ids.map(() => 1));
  });

  it('labels the masked tokens alone by default', () => {
    const { labels } = maskWithUniforms(column, rule, uniforms);
    expect([...labels.values]).toEqual(golden.labels_loss_on_masked_only);
  });

  it('labels everything with labels "all", as the notebook does', () => {
    const { labels } = maskWithUniforms(column, ruleOf({ ...parts, labels: 'all' }), uniforms);
    expect([...labels.values]).toEqual(golden.labels_as_in_the_notebook);
  });

  it('replaces by kind and id in bert mode: below 0.8 [MASK], below 0.9 a random id, else kept', () => {
    const kind = golden.input_ids.map(() => 0);
    const id = golden.input_ids.map(() => 0);
    kind[17] = 0.8;
    kind[19] = 0.8999;
    id[19] = 0.9999999;
    kind[47] = 0.9;
    const { input_ids } = maskWithUniforms(column, ruleOf({ ...parts, replace: 'bert' }), {
      ...uniforms,
      kind,
      id,
    });
    const expected = [...golden.masked_input_ids];
    expected[17] = 1; // [unused0], the first unprotected id
    expected[19] = 30521;
    expected[47] = golden.input_ids[47]!;
    expect([...input_ids.values]).toEqual(expected);
  });
});
