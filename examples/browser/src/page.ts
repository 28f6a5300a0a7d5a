// The page: it takes the text and the settings, shows what the worker tells, and asks it. The work is in worker.ts.
import './page.css';
import { type DrawnChart, drawChart, smoothed, thin } from '@mlm/pages/browser';
import { zipSync } from 'fflate';
import sampleUrl from '../../../packages/cli/demo/corpus/01-genesis.txt?url';
import { isolate } from './isolate.ts';
import type { Guess, Reply, Request, RunSettings } from './messages.ts';

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
let running = false;
let totalSteps = Number(new FormData(settingsForm).get('steps'));
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
  const isText = !bytes.subarray(0, 4096).includes(0);
  element('text-state').textContent = isText
    ? `${name}: ${bytes.length.toLocaleString('en')} bytes`
    : `${name} is binary; plain text in UTF-8 is expected`;
  if (!isText) return;
  text = bytes;
  element('state').textContent = 'Ready.';
  showButtons();
}

// Model

const vocabularyFile = element<HTMLInputElement>('vocabulary-file');
const vocabularyChoice = settingsForm.elements.namedItem('vocabulary') as HTMLSelectElement;
vocabularyChoice.onchange = () => {
  if (vocabularyChoice.value === 'file') vocabularyFile.click();
  else vocabulary = undefined;
};
vocabularyFile.onchange = async () => {
  vocabulary = await vocabularyFile.files?.[0]?.text();
  if (vocabulary === undefined) vocabularyChoice.value = 'learn';
};

function settings(): RunSettings {
  const values = new FormData(settingsForm);
  const number = (name: string) => Number(values.get(name));
  return {
    text: text!,
    vocabulary,
    pieces: number('pieces'),
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
  worker?.terminate();
  worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }: MessageEvent<Reply>) => hear(data);
  worker.onerror = ({ message }) =>
    hear({ type: 'failed', message: message || 'the worker could not be started' });
  curves = freshCurves();
  chart.update(chartOf(curves));
  element('answers').replaceChildren();
  const request = settings();
  totalSteps = request.steps;
  running = true;
  showButtons();
  tell({ type: 'train', settings: request });
};
stopButton.onclick = () => tell({ type: 'stop' });

function tell(request: Request): void {
  worker?.postMessage(request);
}

function hear(reply: Reply): void {
  switch (reply.type) {
    case 'state':
      element('state').textContent = reply.text;
      break;
    case 'started':
      element('engine').textContent = reply.engine;
      curves.unigram = reply.unigramLoss;
      showFigures({
        'rows to train on': reply.rows.toLocaleString('en'),
        'validation rows': reply.validationRows.toLocaleString('en'),
        parameters: reply.parameters.toLocaleString('en'),
        'word frequencies alone': `${reply.unigramLoss.toFixed(3)} nats`,
      });
      break;
    case 'step':
      curves.training.push([reply.step, reply.loss]);
      element<HTMLProgressElement>('progress').value = reply.step / totalSteps;
      element('state').textContent =
        `Step ${reply.step} of ${totalSteps}: loss ${reply.loss.toFixed(3)}, ${Math.round(reply.tokensPerSecond).toLocaleString('en')} tokens/s`;
      if (reply.step % 5 === 0 || reply.step < 20) chart.update(chartOf(curves));
      if (reply.step % 50 === 0) ask();
      break;
    case 'evaluation':
      curves.validation.push([reply.step, reply.loss]);
      chart.update(chartOf(curves));
      showFigures({
        'validation loss': `${reply.loss.toFixed(3)} nats`,
        'words guessed right': `${(100 * reply.accuracy).toFixed(1)} %`,
      });
      break;
    case 'answers':
      showAnswers(reply.guesses);
      break;
    case 'ended':
      running = false;
      showButtons();
      chart.update(chartOf(curves));
      element('state').textContent = `Done: ${reply.steps} steps. Ask it something, or keep it.`;
      ask();
      break;
    case 'checkpoint':
      save(reply.files);
      break;
    case 'failed':
      running = false;
      showButtons();
      element('state').textContent = reply.message;
  }
}

function showButtons(): void {
  trainButton.disabled = running || text === undefined;
  stopButton.disabled = !running;
  answerButton.disabled = downloadButton.disabled = worker === undefined;
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
          [totalSteps, level],
        ],
      },
    ],
  };
}

// Asking and keeping

element<HTMLFormElement>('ask').onsubmit = (event) => {
  event.preventDefault();
  ask();
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
