import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Identifies a process to other processes: a process id alone is reused in time. */
export interface ProcessIdentity {
  pid: number;
  /** Name of the machine, for messages. */
  host: string;
  /** The boot and the process-id namespace in which `pid` is valid; the machine's name alone if there is no /proc. */
  scope: string;
  /** When it started, in clock ticks after the boot; null if unknown. */
  started: string | null;
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, host: hostname(), scope: scope(), started: startOf(process.pid) ?? null };
}

/** Whether that process is alive; `undefined` if this one cannot see it, on another machine or in another container. */
export function isAlive({ pid, scope: where, started }: ProcessIdentity): boolean | undefined {
  if (where !== scope()) return undefined;
  if (started !== null) return startOf(pid) === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function scope(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Field 22 of /proc/<pid>/stat; `undefined` for a process that has ended and only waits to be reaped. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, which may itself contain spaces and parentheses.
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? undefined : rest[18];
  } catch {
    return undefined;
  }
}
