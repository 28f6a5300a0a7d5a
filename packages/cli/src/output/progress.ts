import { formatDuration } from './numbers.js';
import { type Style, styleFor } from './style.js';

/** The state of long work. */
export interface ProgressState {
  /** Work done and total work, in any unit (bytes, steps). Without `total`, neither share nor time left is shown. */
  done: number;
  total?: number | undefined;
  /** Further details, such as `310 MB/s`; called only when a line is drawn. */
  details: () => string[];
  /** The details as numbers, for `--progress json`. */
  values?: Readonly<Record<string, number>>;
}

export interface Progress {
  update(state: ProgressState): void;
  /** Prints a line that stays, above the bar. */
  note(line: string): void;
  /** Removes the bar; the caller prints the result. */
  finish(): void;
}

interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  stream: ProgressOutput;
  env: NodeJS.ProcessEnv;
  /** A word or two for the work, at the beginning of the line. */
  label: string;
  quiet?: boolean;
  /** `json`: one JSON object per line, each second. */
  progress?: 'auto' | 'json';
  /** Milliseconds. Default: the real clock; tests pass their own. */
  clock?: () => number;
}

const redrawMilliseconds = 100;
/** In logs, the first line comes soon and further ones rarely. */
const firstLineMilliseconds = 3_000;
const nextLineMilliseconds = 15_000;

/** Shows a bar on one line of a terminal, or a plain line now and then elsewhere; with `quiet`, nothing. */
export function createProgress(options: ProgressOptions): Progress {
  if (options.progress === 'json') return jsonProgress(options);
  if (options.quiet === true) return silent;
  const { stream, label, clock = () => performance.now() } = options;
  const live = stream.isTTY === true && options.env.TERM !== 'dumb';
  const style = styleFor(stream, options.env);
  const start = clock();
  let nextDraw = start + (live ? 0 : firstLineMilliseconds);
  let drawn = false;
  /** The first state: a resumed run begins in the middle, and the time before is start-up. */
  let origin: { done: number; time: number } | undefined;

  const clear = () => {
    if (live && drawn) stream.write('\r\x1b[2K');
    drawn = false;
  };
  return {
    update(state) {
      const now = clock();
      origin ??= { done: state.done, time: now };
      if (now < nextDraw) return;
      nextDraw = now + (live ? redrawMilliseconds : nextLineMilliseconds);
      const parts = {
        share: share(state),
        details: state.details(),
        timeLeft: timeLeft(state, origin.done, (now - origin.time) / 1000),
      };
      if (!live) {
        stream.write(`${label}  ${joined(parts)}\n`);
        return;
      }
      clear();
      const fraction = state.total === undefined ? undefined : state.done / state.total;
      const room = (stream.columns || 80) - label.length - 2;
      stream.write(`${style('bold', label)} ${fitted(parts, fraction, room, style)}`);
      drawn = true;
    },
    note(line) {
      clear();
      stream.write(`${line}\n`);
    },
    finish: clear,
  };
}

const jsonMilliseconds = 1_000;

/**
 * Writes one object per line: `{"command":"train","done":5,"total":10,"elapsed_seconds":3.2,…}`; notes are objects with
 * `note`.
 */
function jsonProgress({ stream, label, clock = () => performance.now() }: ProgressOptions): Progress {
  const start = clock();
  let nextLine = start;
  let last: ProgressState | undefined;
  const write = (content: object) =>
    stream.write(
      `${JSON.stringify({ command: label, ...content, elapsed_seconds: (clock() - start) / 1000 })}\n`,
    );
  const writeState = ({ done, total, values }: ProgressState) => write({ done, total, ...values });
  return {
    update(state) {
      last = state;
      if (clock() < nextLine) return;
      nextLine = clock() + jsonMilliseconds;
      writeState(state);
      last = undefined;
    },
    note: (line) => void write({ note: line }),
    finish() {
      if (last) writeState(last);
    },
  };
}

const silent: Progress = { update() {}, note() {}, finish() {} };

function share({ done, total }: ProgressState): string[] {
  if (total === undefined || total <= 0) return [];
  return [`${String(Math.floor(Math.min(1, done / total) * 100)).padStart(3)} %`];
}

function timeLeft({ done, total }: ProgressState, doneAtFirst: number, elapsed: number): string[] {
  // The first second says nothing about the rate.
  if (total === undefined || done <= doneAtFirst || elapsed < 1) return [];
  return [`${formatDuration((elapsed / (done - doneAtFirst)) * Math.max(0, total - done))} left`];
}

interface LineParts {
  share: string[];
  details: string[];
  timeLeft: string[];
}

function joined({ share, details, timeLeft }: LineParts): string {
  return [...share, ...details, ...timeLeft].join('  ');
}

const widestBar = 20;
const narrowestBar = 5;

/**
 * Fits bar and parts into `room` columns: the bar shrinks first, then the last details go, so that the time left
 * remains.
 */
function fitted(parts: LineParts, fraction: number | undefined, room: number, style: Style): string {
  const details = [...parts.details];
  const text = () => joined({ ...parts, details });
  const leastBar = fraction === undefined ? 0 : narrowestBar + 1;
  while (details.length > 0 && text().length + leastBar > room) details.pop();
  const cells = Math.min(widestBar, room - text().length - 1);
  const bar = fraction === undefined || cells < narrowestBar ? '' : `${drawBar(fraction, cells, style)} `;
  return `${bar}${text().slice(0, Math.max(0, room))}`;
}

function drawBar(fraction: number, cells: number, style: Style): string {
  const filled = Math.max(0, Math.min(cells, Math.round(fraction * cells)));
  return style('green', '━'.repeat(filled)) + style('dim', '─'.repeat(cells - filled));
}
