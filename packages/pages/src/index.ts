// A training run

// Parts of other pages
export { escapeHtml, factTable, type Page, page } from './html.js';
export { comparisonPage, reportPage } from './report.js';
export type { EvaluationPoint, MaskedPlace, PredictedRow, Run, StepPoint } from './run.js';
