export { block, blocks, replace, select } from './philox';
export { scanRow } from './scan';
export { classBits } from './words';
