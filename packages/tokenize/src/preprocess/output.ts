import { once } from 'node:events';
import { statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DatasetCounts } from '@mlm/arrow';
import type { JournalEntry, RunSettings } from '@mlm/arrow/sink';
import { InputError, isWithin } from '@mlm/base';
import { type Given, settingsOf } from '@mlm/base/options';
import { preprocessOptions } from '../options.js';
import { FileList } from '../source/file-list.js';
import type { InputFiles } from '../source/list.js';
import type { PlanOptions } from '../source/plan.js';
import { describeDataset, type SinkBatch, type TokenizeOptions } from '../stream/tokenize.js';
import { jobOf } from './job.js';
import type { UsedFiles } from './used-files.js';

/** The sinks, without apache-arrow. */
export const sinks = () => import('@mlm/arrow/sink');

/** The options of `preprocess` on which the output depends. */
interface OutputOptions
  extends Given<typeof preprocessOptions>,
    Pick<TokenizeOptions, 'tokenizer' | 'stages'>,
    Pick<PlanOptions, 'share'> {
  settings?: RunSettings | undefined;
  stdout?: Writable | undefined;
}

/** The file, folder or stream that a run writes. */
export class RunOutput {
  private opening: Promise<Writable> | undefined;
  private sink: Writable | undefined;

  /**
   * @param path - where to write; `-` for a stream
   * @param usedFiles - tells which files the finished units have used. Default: a resumed run needs all unchanged
   */
  constructor(
    private readonly path: string,
    private readonly input: InputFiles,
    private readonly options: OutputOptions,
    private readonly usedFiles: UsedFiles | undefined,
  ) {}

  /**
   * The units that an interrupted run has finished, if this one resumes it; `complete` if it was killed after its output
   * was complete.
   */
  async finishedUnits(): Promise<readonly JournalEntry[] | 'complete'> {
    if (!this.options.resume || this.path === '-') return [];
    const sink = await this.open();
    const { DatasetSink } = await sinks();
    if (!(sink instanceof DatasetSink)) return [];
    // `ready` throws the stream's error.
    sink.on('error', () => {});
    const units = await sink.ready();
    if (!sink.isComplete) return units;
    sink.destroy();
    await this.closed();
    return 'complete';
  }

  /** The sink, which opens its files from now on; see {@link ready}. */
  open(): Promise<Writable> {
    this.opening ??= this.createSink().then((sink) => (this.sink = sink));
    return this.opening;
  }

  /** Resolves once the files are open. */
  async ready(): Promise<void> {
    const sink = await this.open();
    const { DatasetSink } = await sinks();
    if (sink instanceof DatasetSink) await sink.ready();
  }

  /**
   * Writes all batches and publishes the output, or leaves what a resumed run needs.
   * @param source - where the batches come from, which ends if the sink fails
   */
  async write(
    batches: () => AsyncIterable<SinkBatch>,
    source: Readable,
    signal?: AbortSignal,
  ): Promise<void> {
    try {
      const sink = await this.open();
      // A failed sink takes no more batches, and threads that hold unwritten ones make no more. From Node 22 on,
      // pipeline would wait for them forever.
      sink.on('error', (error) => source.destroy(error));
      await pipeline(batches, sink, { signal });
    } catch (error) {
      // The sink may still be cleaning up.
      await this.closed();
      // Streams join what failed at the same time in one error; the first tells enough.
      throw error instanceof AggregateError ? error.errors[0] : error;
    }
  }

  /** Whether a run that was interrupted has left finished units. */
  async isResumable(): Promise<boolean> {
    return this.path !== '-' && (await (await sinks()).settingsOfInterrupted(this.path)) !== undefined;
  }

  /** Sums over the dataset, those of an interrupted run included; `undefined` of a stream. */
  async counts(): Promise<DatasetCounts | undefined> {
    const { DatasetSink } = await sinks();
    return this.sink instanceof DatasetSink ? this.sink.counts : undefined;
  }

  /** What is told of an output that an interrupted run has completed. */
  async completeReport() {
    const { openDataset } = await import('@mlm/arrow');
    const dataset = await openDataset(this.path);
    const counts = dataset.metadata?.counts ?? { rows: dataset.rows, tokens: 0 };
    const resumedUnits = dataset.metadata?.rows_per_unit.length ?? 0;
    await dataset.close();
    return { counts, textBytes: 0, resumedUnits, validationRows: dataset.validation?.rows ?? 0 };
  }

  private async closed(): Promise<void> {
    if (this.sink && !this.sink.closed) await once(this.sink, 'close');
  }

  private async createSink(): Promise<Writable> {
    const { arrowFile, arrowStream, datasetFolder } = await sinks();
    const { path, input, options } = this;
    const { share, stdout = process.stdout } = options;
    const settings = settingsOf(preprocessOptions, options);
    const { overwrite, resume, takeOver, shardBytes } = settings;
    const described = describeDataset(options, settings.document);
    const isPart = share && share.worldSize > 1;
    const part = { rank: share?.rank ?? 0, world_size: share?.worldSize ?? 1 };
    const description = isPart ? { ...described, part } : described;
    if (path === '-') return arrowStream(stdout, { description, end: stdout !== process.stdout });
    const sinkOptions = {
      description,
      overwrite,
      inputs: pathsOf(input),
      resume,
      takeOver,
      job: jobOf(settings, share, FileList.of(input.files), description),
      settings: options.settings,
      usedInputs: this.usedFiles,
    };
    if (path.endsWith('.arrow')) return arrowFile(path, sinkOptions);
    return datasetFolder(path, { ...sinkOptions, shardBytes });
  }
}

/** The folders and files of this machine, of which there may be too many for a list of paths. */
function pathsOf({ files, folders }: InputFiles): Iterable<string> {
  return {
    *[Symbol.iterator]() {
      yield* folders;
      for (const { path, stored } of files) if (path !== '-' && !stored) yield path;
    },
  };
}

/** @throws InputError if the output lies inside an input folder, where the next run would read it, or is an input */
export function refuseOutputAmongInputs(input: InputFiles, output: string): void {
  if (output === '-') return;
  for (const folder of input.folders)
    if (isWithin(output, folder))
      throw new InputError(`${output}: lies inside the input ${folder}; write to another folder`);
  const existing = statSync(output, { throwIfNoEntry: false })?.isFile();
  const same =
    existing && input.files.find(({ path, stored }) => path !== '-' && !stored && isWithin(path, output));
  if (same) throw new InputError(`${output}: is also an input; write to another file`);
}
