import { type Selection, shares } from './selection.js';

const LONGEST = 10;
const SUCCESS = 0.2;

/**
 * Spans of whole words of geometric length (p = 0.2, at most 10 words, 3.8 on average), each replaced as one: Joshi et
 * al., "SpanBERT: Improving Pre-training by Representing and Predicting Spans" (2019), section 3.1.
 */
export const span: Selection = {
  of: 'words',
  lengths: shares(Array.from({ length: LONGEST }, (_, i) => SUCCESS * (1 - SUCCESS) ** i)),
  replacedAsOne: true,
};
