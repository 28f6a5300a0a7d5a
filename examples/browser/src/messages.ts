/** What a run in the tab is asked for. */
export interface RunSettings {
  /** UTF-8. */
  text: Uint8Array;
  /** A vocab.txt to use; one is learnt from the text when left out. */
  vocabulary?: string | undefined;
  /** Tokens at most of a vocabulary that is learnt. */
  vocabularySize: number;
  /** A preset of the train package: `bert-tiny`. */
  model: string;
  /** Tokens per row. */
  sequence: number;
  /** Rows per step. */
  batch: number;
  steps: number;
  rate: number;
  seed: number;
  /** Where onnxruntime computes; `auto` takes WebGPU where there is a GPU. */
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
  | { type: 'resume' }
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
      /** Nats per token of guessing by the frequency of tokens alone. */
      unigramLoss: number;
    }
  | { type: 'step'; step: number; loss: number; tokensPerSecond: number }
  | { type: 'evaluation'; step: number; loss: number; accuracy: number }
  | { type: 'answers'; guesses: Guess[]; note: string }
  | { type: 'ended'; steps: number }
  | { type: 'checkpoint'; files: Record<string, Uint8Array> }
  /** `device` is the one that failed, where it is known. */
  | { type: 'failed'; message: string; device?: RunSettings['device'] };
