export { main } from './main.js';
export { type CommandPage, commandPages } from './pages.js';
