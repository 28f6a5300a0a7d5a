/** Defaults and choices, for a program that shows them before it needs any of the rest: to import this costs nothing. */
export { trainDefaults } from './loop/defaults.js';
export { scheduleNames } from './optimizer/schedule.js';
export { evaluateDefaults } from './predict/defaults.js';
