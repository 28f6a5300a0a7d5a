import { InputError } from '@mlm/base/errors';
import { patternOf, type Store, type StoredFile } from './store.js';

/** Datasets on the Hugging Face Hub, or on the server in HF_ENDPOINT; HF_TOKEN gives access to private ones. */
export const hub: Store = {
  scheme: 'hf:',
  example: 'hf://datasets/owner/name/data/*.parquet',

  async list(address, env) {
    const match = /^hf:\/\/datasets\/([\w.-]+\/[\w.-]+)(?:@([^/]+))?(?:\/(.*))?$/.exec(address);
    if (!match) throw new InputError(`${address}: expected ${this.example}`);
    const [, name = '', revision = 'main', path = ''] = match;
    const { listFiles } = await import('@huggingface/hub');
    const folder = path.includes('*') ? path.slice(0, path.indexOf('*')).replace(/[^/]*$/, '') : path;
    const files: StoredFile[] = [];
    const base = path.includes('*') ? folder.replace(/\/$/, '') : '';
    const wanted = path.includes('*') ? patternOf(path) : undefined;
    const prefix = path === '' || path.endsWith('/') ? path : `${path}/`;
    try {
      const access = env.HF_TOKEN ? { accessToken: env.HF_TOKEN } : {};
      const repo = { type: 'dataset', name } as const;
      for await (const file of listFiles({
        repo,
        revision,
        path: base,
        recursive: true,
        hubUrl: endpoint(env),
        ...access,
      })) {
        const isWanted = wanted ? wanted.test(file.path) : file.path === path || file.path.startsWith(prefix);
        if (file.type !== 'file' || !isWanted) continue;
        const at = revision === 'main' ? '' : `@${revision}`;
        const encoded = file.path.split('/').map(encodeURIComponent).join('/');
        files.push({
          path: `hf://datasets/${name}${at}/${file.path}`,
          size: file.size,
          stored: {
            url: `${endpoint(env)}/datasets/${name}/resolve/${encodeURIComponent(revision)}/${encoded}`,
            version: undefined,
          },
        });
      }
    } catch (error) {
      throw new InputError(`${address}: cannot be listed (${(error as Error).message.split('\n')[0]})`);
    }
    return files;
  },

  async sign(request, env) {
    // fetch drops the header when the hub redirects to its storage.
    if (env.HF_TOKEN) request.headers.set('authorization', `Bearer ${env.HF_TOKEN}`);
    return request;
  },
};

function endpoint(env: NodeJS.ProcessEnv): string {
  return (env.HF_ENDPOINT ?? 'https://huggingface.co').replace(/\/+$/, '');
}
