// The page: it takes the text and the settings, shows what the worker tells, and asks it. The work is in worker.ts.
import './page.css';
import { type DrawnChart, drawChart, smoothed, thin } from '@mlm/pages/browser';
import { zipSync } from 'fflate';
import sampleUrl from '../../../packages/cli/demo/corpus/01-genesis.txt?url';
import { isolate } from './isolate.ts';
import type { Guess, Reply, Request, RunSettings } from './messages.ts';
import { readText } from './text.ts';

const element = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const settingsForm = element<HTMLFormElement>('settings');
const [trainButton, stopButton, answerButton, downloadButton] = ['train', 'stop', 'answer', 'download'].map(
  (id) => element<HTMLButtonElement>(id),
) as [HTMLButtonElement, HTMLButtonElement, HTMLButtonElement, HTMLButtonElement];

/** For tests, and for a machine that does other work: `?device=wasm&dropout=0&threads=1`. */
const query = new URLSearchParams(location.search);

let text: Uint8Array | undefined;
let vocabulary: string | undefined;
let worker: Worker | undefined;
/** What the worker was last told to train. */
let request: RunSettings | undefined;
let progress: 'none' | 'preparing' | 'training' | 'stopped' | 'finished' = 'none';
/** Why WebGPU was given up. */
let gpuFailure: string | undefined;
let curves: Curves = freshCurves();

await isolate();
const chart = drawChart(element('loss'), chartOf(curves));
const mostThreads = Math.min(4, Number(query.get('threads') ?? navigator.hardwareConcurrency));
const threads = crossOriginIsolated ? mostThreads : 1;
element('engine').textContent = crossOriginIsolated
  ? ''
  : 'One thread: this page is not cross-origin isolated, which threads need.';

// Text

element<HTMLInputElement>('file').onchange = ({ target }) =>
  takeFile((target as HTMLInputElement).files?.[0]);
element('sample').onclick = async () =>
  takeText(new Uint8Array(await (await fetch(sampleUrl)).arrayBuffer()), 'the sample');
const drop = element('drop');
drop.ondragover = (event) => {
  event.preventDefault();
  drop.classList.add('over');
};
drop.ondragleave = () => drop.classList.remove('over');
drop.ondrop = (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  takeFile(event.dataTransfer?.files[0]);
};

async function takeFile(file: File | undefined): Promise<void> {
  if (file) takeText(new Uint8Array(await file.arrayBuffer()), file.name);
}

function takeText(bytes: Uint8Array, name: string): void {
  try {
    const read = readText(bytes, name);
    text = read.bytes;
    say('text-state', read.description);
    if (progress === 'none') say('state', 'Ready.');
  } catch (error) {
    text = undefined;
    say('text-state', (error as Error).message, 'error');
  }
  showButtons();
}

function say(id: string, line: string, kind: 'news' | 'error' = 'news'): void {
  const place = element(id);
  place.textContent = line;
  place.classList.toggle('error', kind === 'error');
}

// Model

const vocabularyFile = element<HTMLInputElement>('vocabulary-file');
const vocabularyChoice = settingsForm.elements.namedItem('vocabulary') as HTMLSelectElement;
const vocabularySize = settingsForm.elements.namedItem('vocabularySize') as HTMLInputElement;
vocabularyChoice.onchange = () => {
  if (vocabularyChoice.value === 'file') vocabularyFile.click();
  else takeVocabulary(undefined);
};
vocabularyFile.onchange = () => takeVocabulary(vocabularyFile.files?.[0]);
vocabularyFile.oncancel = () => takeVocabulary(undefined);

async function takeVocabulary(file: File | undefined): Promise<void> {
  vocabulary = await file?.text();
  vocabularyChoice.value = file ? 'file' : 'learn';
  vocabularyChoice.selectedOptions[0]!.textContent = file ? `from ${file.name}` : 'learnt from the text';
  vocabularySize.disabled = file !== undefined;
  vocabularyFile.value = '';
}

function settings(): RunSettings {
  const values = new FormData(settingsForm);
  const number = (name: string) => Number(values.get(name));
  return {
    text: text!,
    vocabulary,
    vocabularySize: Number(vocabularySize.value),
    model: String(values.get('model')),
    sequence: number('sequence'),
    batch: number('batch'),
    steps: number('steps'),
    rate: number('rate'),
    seed: number('seed'),
    device: (query.get('device') ?? 'auto') as RunSettings['device'],
    threads,
    ...(query.has('dropout') && { dropout: Number(query.get('dropout')) }),
  };
}

// Training

trainButton.onclick = () => {
  if (!settingsForm.reportValidity()) return;
  gpuFailure = undefined;
  start(settings());
};
stopButton.onclick = () => {
  if (progress === 'stopped') {
    progress = 'training';
    tell({ type: 'resume' });
  } else tell({ type: 'stop' });
  showButtons();
};

/** A worker for each run: what an earlier one left in memory goes with its worker. */
function start(asked: RunSettings): void {
  worker?.terminate();
  worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }: MessageEvent<Reply>) => hear(data);
  worker.onerror = ({ message }) =>
    hear({ type: 'failed', message: message || 'The worker could not be started.' });
  request = asked;
  progress = 'preparing';
  curves = freshCurves();
  chart.update(chartOf(curves));
  element('answers').replaceChildren();
  element<HTMLProgressElement>('progress').value = 0;
  say('state', 'Starting…');
  showButtons();
  tell({ type: 'train', settings: asked });
}

function tell(message: Request): void {
  worker?.postMessage(message);
}

function hear(reply: Reply): void {
  switch (reply.type) {
    case 'state':
      say('state', reply.text);
      break;
    case 'started':
      progress = 'training';
      showButtons();
      element('engine').textContent =
        gpuFailure === undefined ? reply.engine : `${reply.engine}; WebGPU failed: ${gpuFailure}`;
      curves.unigram = reply.unigramLoss;
      showFigures({
        'training rows': reply.rows.toLocaleString('en'),
        'validation rows': reply.validationRows.toLocaleString('en'),
        parameters: reply.parameters.toLocaleString('en'),
        'word frequencies alone': `${reply.unigramLoss.toFixed(3)} nats`,
      });
      break;
    case 'step': {
      const { step, loss, tokensPerSecond } = reply;
      curves.training.push([step, loss]);
      element<HTMLProgressElement>('progress').value = step / request!.steps;
      say(
        'state',
        `Step ${count(step)} of ${count(request!.steps)}: loss ${loss.toFixed(3)}, ${count(Math.round(tokensPerSecond))} tokens/s`,
      );
      if (step % 5 === 0 || step < 20) chart.update(chartOf(curves));
      if (step % 50 === 0) ask();
      break;
    }
    case 'evaluation':
      curves.validation.push([reply.step, reply.loss]);
      chart.update(chartOf(curves));
      showFigures({
        'validation loss': `${reply.loss.toFixed(3)} nats`,
        'guessed right': `${(100 * reply.accuracy).toFixed(1)} %`,
      });
      break;
    case 'answers':
      showAnswers(reply.guesses);
      say('answer-note', reply.note);
      break;
    case 'ended': {
      const finished = reply.steps === request!.steps;
      progress = finished ? 'finished' : 'stopped';
      showButtons();
      chart.update(chartOf(curves));
      say(
        'state',
        finished
          ? `Done: ${count(reply.steps)} steps. Ask it something, or keep it.`
          : `Stopped after step ${count(reply.steps)} of ${count(request!.steps)}. Continue, ask it something, or keep it.`,
      );
      ask();
      break;
    }
    case 'checkpoint':
      save(reply.files);
      break;
    case 'failed':
      if (reply.device === 'webgpu' && request!.device === 'auto' && curves.training.length === 0) {
        gpuFailure = reply.message.split('\n', 1)[0]!;
        start({ ...request!, device: 'wasm' });
        break;
      }
      progress = 'none';
      worker?.terminate();
      worker = undefined;
      showButtons();
      say('state', reply.message, 'error');
  }
}

function showButtons(): void {
  const busy = progress === 'preparing' || progress === 'training';
  trainButton.disabled = busy || text === undefined;
  stopButton.disabled = progress !== 'training' && progress !== 'stopped';
  stopButton.textContent = progress === 'stopped' ? 'Continue' : 'Stop';
  answerButton.disabled = downloadButton.disabled = progress === 'none' || progress === 'preparing';
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function showFigures(figures: Record<string, string>): void {
  const list = element('figures');
  list.hidden = false;
  for (const [label, value] of Object.entries(figures)) {
    const id = `figure-${label.replaceAll(' ', '-')}`;
    let shown = document.getElementById(id);
    if (!shown) {
      const box = document.createElement('div');
      box.append(Object.assign(document.createElement('dt'), { textContent: label }));
      shown = Object.assign(document.createElement('dd'), { id });
      box.append(shown);
      list.append(box);
    }
    shown.textContent = value;
  }
}

/** The lines of the chart, as they grow. */
interface Curves {
  training: [number, number][];
  validation: [number, number][];
  unigram?: number;
}

function freshCurves(): Curves {
  return { training: [], validation: [] };
}

function chartOf({ training, validation, unigram }: Curves): DrawnChart {
  const level = unigram ?? Number.NaN;
  return {
    title: 'Loss',
    unit: 'nats per masked token',
    height: 300,
    curves: [
      { name: 'training, each step', colour: 0, look: 'faint', points: thin(training) },
      { name: 'training', colour: 0, look: 'line', points: thin(smoothed(training)) },
      { name: 'validation', colour: 1, look: 'marked', points: validation },
      {
        name: 'word frequencies alone',
        colour: 2,
        look: 'level',
        points: [
          [0, level],
          [request?.steps ?? Number(new FormData(settingsForm).get('steps')), level],
        ],
      },
    ],
  };
}

// Asking and keeping

element<HTMLFormElement>('ask').onsubmit = (event) => {
  event.preventDefault();
  if (!answerButton.disabled) ask();
};

function ask(): void {
  tell({ type: 'ask', sentence: element<HTMLInputElement>('sentence').value });
}

function showAnswers(guesses: Guess[]): void {
  const list = element('answers');
  list.replaceChildren(
    ...guesses.map(({ word, probability }) => {
      const item = document.createElement('li');
      const bar = Object.assign(document.createElement('span'), { className: 'bar' });
      bar.style.width = `${100 * probability}%`;
      const share = Object.assign(document.createElement('span'), {
        className: 'share',
        textContent: `${(100 * probability).toFixed(1)} %`,
      });
      item.append(Object.assign(document.createElement('span'), { textContent: word }), bar, share);
      return item;
    }),
  );
}

downloadButton.onclick = () => tell({ type: 'checkpoint' });

function save(files: Record<string, Uint8Array>): void {
  const archive = zipSync(
    Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`checkpoint/${name}`, bytes])),
    { level: 0 },
  );
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([archive as BlobPart], { type: 'application/zip' }));
  link.download = 'checkpoint.zip';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
