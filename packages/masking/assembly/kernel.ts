export { countPadding, countProtected } from './count';
export { label, restore } from './label';
export { block, blocks, counters, replace, select } from './philox';
export { scanRows } from './scan';
export { classBits } from './words';
