import type { DatasetMetadata } from '@mlm/arrow';
import { expect, it } from 'vitest';
import { columnOf, describeRule, ruleOf } from '../testing.fixture.js';
import { mixedDocuments } from './documents.js';

const rows = columnOf([
  [101, 5000, 102, 101, 5001, 5002, 102, 0],
  [101, 5003, 5004, 5005, 5006, 5007, 5008, 102],
]);

const described = describeRule(ruleOf());
const silent: DatasetMetadata = { ...described, split: 'train', rows_per_unit: [2] };
/** Metadata that states whole documents. */
const stated: DatasetMetadata = { ...silent, cut: { ...described.cut, pack: 'documents' } };

function broken(starts: number[][] | undefined, metadata?: DatasetMetadata, most = 9, input_ids = rows) {
  const document_starts = starts && columnOf(starts);
  return mixedDocuments({ input_ids, labels: input_ids, document_starts }, metadata, most);
}

it('documents that follow one another from [CLS] to [SEP] are no fault', () => {
  expect(broken([[0, 3], [0]], stated)).toEqual([]);
  expect(broken([[0, 3], [0]])).toEqual([]);
  expect(broken([], stated, 9, columnOf([]))).toEqual([]);
});

it('the column is missing where the metadata states whole documents, and rows stand there', () => {
  expect(broken(undefined, stated)).toEqual([
    {
      row: 0,
      position: 0,
      message: 'there is no column "document_starts", but the metadata states rows of whole documents',
    },
  ]);
  expect(broken(undefined, stated, 9, columnOf([]))).toEqual([]);
  expect(broken(undefined, silent)).toEqual([]);
  expect(broken(undefined)).toEqual([]);
});

it.each([
  [[[0, 3], []], 1, 0, 'document_starts begins with nothing, expected 0'],
  [[[3], [0]], 0, 0, 'document_starts begins with 3, expected 0'],
  [
    [[0, 3, 3], [0]],
    0,
    3,
    "document_starts has 3 before 3, expected ascending positions of the row's 7 tokens",
  ],
  [
    [[0, 3, 7], [0]],
    0,
    7,
    "document_starts has 7 before 7, expected ascending positions of the row's 7 tokens",
  ],
  [[[0, 8], [0]], 0, 0, "document_starts has 0 before 8, expected ascending positions of the row's 7 tokens"],
  [[[0, 4], [0]], 0, 3, 'a document ends with 101, expected [SEP]'],
  [
    [
      [0, 3],
      [0, 4],
    ],
    1,
    3,
    'a document ends with 5005, expected [SEP]',
  ],
])('%j are at fault in row %d at position %d', (starts, row, position, message) => {
  expect(broken(starts, stated)).toEqual([{ row, position, message }]);
});

it('a document that does not begin with [CLS] is at fault, where the tokenizer is known', () => {
  const ids = columnOf([[101, 5000, 102, 5001, 102]]);
  expect(broken([[0, 3]], stated, 9, ids)).toEqual([
    { row: 0, position: 3, message: 'a document begins with 5001, expected [CLS]' },
  ]);
  expect(broken([[0, 3]], silent, 9, ids)).toEqual([]);
  // Padding is a token where it is not known what pads.
  expect(broken([[0, 7], [0]])).toEqual([]);
  expect(
    broken(
      [[0], [0]],
      stated,
      9,
      columnOf([
        [0, 0],
        [101, 102],
      ]),
    ),
  ).toEqual([expect.objectContaining({ row: 0, message: expect.stringContaining("the row's 0 tokens") })]);
});

it('as many rows are told as are wanted', () => {
  expect(broken([[], []], stated).map(({ row }) => row)).toEqual([0, 1]);
  expect(broken([[], []], stated, 1).map(({ row }) => row)).toEqual([0]);
  expect(broken([[], []], stated, 0)).toEqual([]);
});
