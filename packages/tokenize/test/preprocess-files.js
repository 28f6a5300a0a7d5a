// A process that preprocesses and can be killed: node preprocess-files.js INPUT OUTPUT WORKERS [resume]
import { loadTokenizer, preprocess } from '../dist/index.js';

const [input, output, workers, resume] = process.argv.slice(2);
const tokenizer = await loadTokenizer(new URL('./vocab.txt', import.meta.url).pathname);
const options = { tokenizer, evalFraction: 0.3, sequenceLength: 16, shardBytes: 1, workers: Number(workers) };
process.stdout.write('ready\n');
await preprocess({ inputs: [input], output, ...options, resume: resume === 'resume' });
