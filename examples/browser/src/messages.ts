/** What a run in the tab is asked for. */
export interface RunSettings {
  /** UTF-8. */
  text: Uint8Array;
  /** A vocab.txt to use; one is learnt from the text when left out. */
  vocabulary?: string | undefined;
  /** Pieces at most of a vocabulary that is learnt. */
  pieces: number;
  /** A preset of the train package: `bert-tiny`. */
  model: string;
  /** Tokens a row. */
  sequence: number;
  /** Rows a step. */
  batch: number;
  steps: number;
  rate: number;
  seed: number;
  /** Where onnxruntime computes; `auto` takes WebGPU where the browser has it. */
  device: 'auto' | 'webgpu' | 'wasm';
  /** WebAssembly threads. */
  threads: number;
  /** The rate of dropout; default: the model's own. */
  dropout?: number;
}

/** What the page tells the worker. */
export type Request =
  | { type: 'train'; settings: RunSettings }
  | { type: 'stop' }
  | { type: 'ask'; sentence: string }
  | { type: 'checkpoint' };

/** A guess for a masked place. */
export interface Guess {
  word: string;
  /** From 0 to 1. */
  probability: number;
}

/** What the worker tells the page. */
export type Reply =
  | { type: 'state'; text: string }
  | {
      type: 'started';
      engine: string;
      rows: number;
      validationRows: number;
      parameters: number;
      /** Nats a token of guessing by the frequency of tokens alone. */
      unigramLoss: number;
    }
  | { type: 'step'; step: number; loss: number; tokensPerSecond: number }
  | { type: 'evaluation'; step: number; loss: number; accuracy: number }
  | { type: 'answers'; sentence: string; guesses: Guess[] }
  | { type: 'ended'; steps: number }
  | { type: 'checkpoint'; files: Record<string, Uint8Array> }
  | { type: 'failed'; message: string };
