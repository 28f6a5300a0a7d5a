import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-common';

/** The number of nodes of one operation that ran on one provider. */
export interface Placement {
  /** Such as `WebGpu` or `CPU`. */
  provider: string;
  operation: string;
  count: number;
}

interface ProfileEvent {
  cat: string;
  args?: { provider?: string; op_name?: string };
}

/** A profile written by a session, until it is finished. */
export class Profile {
  private constructor(private readonly folder: string) {}

  static async create(): Promise<Profile> {
    return new Profile(await mkdtemp(join(tmpdir(), 'mlm-placement-')));
  }

  /** The option `profile` of `createSession`. */
  get prefix(): string {
    return join(this.folder, 'profile');
  }

  async finish(session: InferenceSession): Promise<Placement[]> {
    try {
      session.endProfiling();
      return countPlacements(await readProfile(this.folder));
    } finally {
      await rm(this.folder, { recursive: true, force: true });
    }
  }
}

/** One line per provider, such as `WebGpu: 12 MatMul, 3 Softmax`. */
export function formatPlacements(placed: readonly Placement[]): string {
  const providers = [...new Set(placed.map(({ provider }) => provider))];
  const line = (wanted: string) =>
    placed
      .filter(({ provider }) => provider === wanted)
      .map(({ operation, count }) => `${count} ${operation}`)
      .join(', ');
  return providers.map((provider) => `${provider}: ${line(provider)}`).join('\n');
}

async function readProfile(folder: string): Promise<ProfileEvent[]> {
  const [file = ''] = await readdir(folder);
  return JSON.parse(await readFile(join(folder, file), 'utf8')) as ProfileEvent[];
}

function countPlacements(events: readonly ProfileEvent[]): Placement[] {
  const counts = new Map<string, Placement>();
  for (const { cat, args } of events) {
    if (cat !== 'Node' || !args?.provider || !args.op_name) continue;
    const provider = args.provider.replace('ExecutionProvider', '');
    const key = `${provider} ${args.op_name}`;
    const known = counts.get(key) ?? { provider, operation: args.op_name, count: 0 };
    counts.set(key, { ...known, count: known.count + 1 });
  }
  return [...counts.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, placed]) => placed);
}
