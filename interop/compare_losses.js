// node compare_losses.js CPU.jsonl DEVICE.jsonl: fails unless both have the same 20 steps with losses within 1e-3.
import { readFileSync } from 'node:fs';

const read = (/** @type {string} */ path) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter((line) => typeof line.step === 'number' && 'learning_rate' in line);

const [cpu, device] = process.argv.slice(2).map(read);
if (!cpu || !device || cpu.length !== 20 || device.length !== 20) {
  throw new Error(`expected 20 steps in both, found ${cpu?.length} and ${device?.length}`);
}
const worst = Math.max(...cpu.map((step, i) => Math.abs(step.loss - device[i].loss)));
console.log(`largest difference ${worst}, first losses ${cpu[0].loss} and ${device[0].loss}`);
if (!(worst < 1e-3)) process.exit(1);
