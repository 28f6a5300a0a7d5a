// A training run

export { comparisonPage, reportPage } from './report.js';
export type { EvaluationPoint, MaskedPlace, PredictedRow, Run, StepPoint } from './run.js';

// Parts of other pages

export { escapeHtml, factTable, type Page, page } from './html.js';
