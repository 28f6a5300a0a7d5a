import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const SAMPLE_MS = 20;
/** Linux counts processor time in hundredths of a second. */
const CLOCK_TICKS = 100;

/**
 * Resident memory of a process and all its descendants, in bytes; pages that they share count once for each.
 * @param {number} pid
 * @returns {number}
 */
function residentBytes(pid) {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean);
    return children.reduce((sum, child) => sum + residentBytes(Number(child)), pages * 4096);
  } catch {
    return 0; // it ended meanwhile
  }
}

/** Processor time, user and system, of all child processes that have ended, and of their children. */
function childrenSeconds() {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[13]) + Number(fields[14])) / CLOCK_TICKS;
}

/**
 * Runs a program to its end; one at a time, for its processor time.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Record<string, string>} [environment] added to this process's own
 * @returns {Promise<{ stdout: string, seconds: number, processorSeconds: number, peakBytes: number }>} `seconds` from
 * start to exit, `processorSeconds` user and system, `peakBytes` the highest sum of resident memory seen, sampled
 * @throws when it cannot start or exits with another status than 0
 */
export async function runProcess(command, args, environment = {}) {
  const started = performance.now();
  const before = childrenSeconds();
  const child = spawn(command, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (text) => (stdout += text));
  child.stderr.on('data', (text) => (stderr += text));
  let peakBytes = 0;
  const sampler = setInterval(
    () => (peakBytes = Math.max(peakBytes, residentBytes(child.pid ?? 0))),
    SAMPLE_MS,
  );
  try {
    const status = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    const seconds = (performance.now() - started) / 1000;
    if (status !== 0)
      throw new Error(`${command} ${args.join(' ')} exited with ${status}\n${stderr.slice(-4000)}`);
    return { stdout, seconds, processorSeconds: childrenSeconds() - before, peakBytes };
  } finally {
    clearInterval(sampler);
  }
}

/** A program that stays alive between rounds: it answers each line of JSON with one line of JSON. */
export class Contestant {
  /** @type {import('node:child_process').ChildProcessByStdio<import('node:stream').Writable, import('node:stream').Readable, import('node:stream').Readable>} */
  #child;
  /** @type {AsyncIterator<string>} */
  #lines;
  #stderr = '';

  /**
   * @param {string} name
   * @param {string} command
   * @param {readonly string[]} args
   * @param {Record<string, string>} [environment]
   */
  constructor(name, command, args, environment = {}) {
    this.name = name;
    this.#child = spawn(command, args, {
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stderr.on('data', (text) => (this.#stderr = (this.#stderr + text).slice(-4000)));
    this.#child.stdin.on('error', () => {}); // an early exit is reported by ask()
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /**
   * @param {object} request
   * @returns {Promise<any>}
   */
  async ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`${this.name} ended early\n${this.#stderr}`);
      if (value.startsWith('{')) return JSON.parse(value); // other lines are a library's chatter
    }
  }

  /** Peak resident memory so far, in bytes. */
  peakBytes() {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  }

  async end() {
    if (this.#child.exitCode !== null) return;
    const closed = new Promise((resolve) => this.#child.on('close', resolve));
    this.#child.stdin.end();
    await closed;
  }
}
