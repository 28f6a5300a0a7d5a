// node compare_losses.js CPU.jsonl DEVICE.jsonl [STEPS]: fails unless both have so many steps (20) with losses within 1e-3.
import { readFileSync } from 'node:fs';

const read = (/** @type {string} */ path) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .filter((line) => typeof line.step === 'number' && 'learning_rate' in line);

const [cpu, device] = process.argv.slice(2, 4).map(read);
const steps = Number(process.argv[4] ?? 20);
if (!cpu || !device || cpu.length !== steps || device.length !== steps) {
  throw new Error(`expected ${steps} steps in both, found ${cpu?.length} and ${device?.length}`);
}
const worst = Math.max(...cpu.map((step, i) => Math.abs(step.loss - device[i].loss)));
console.log(`largest difference ${worst}, first losses ${cpu[0].loss} and ${device[0].loss}`);
if (!(worst < 1e-3)) process.exit(1);
