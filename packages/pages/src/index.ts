// A training run

export { comparisonPage, reportPage } from './report.js';
export type { EvaluationPoint, MaskedPlace, PredictedRow, Run, StepPoint } from './run.js';

// A dataset's masks

export { type MaskKind, type MasksPage, maskedRowsPage, type ShownToken } from './masks.js';

// Parts of other pages

export { type Page, page } from './html.js';
