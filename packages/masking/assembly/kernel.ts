export { block, blocks, replace, select } from './philox';
export { classBits } from './words';
