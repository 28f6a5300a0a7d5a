import { InputError } from '@mlm/base/errors';
import { request } from './request.js';
import { patternOf, type Store, type StoredFile } from './store.js';

/**
 * Buckets of Amazon S3 and of what speaks its protocol at AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL. Credentials come from
 * AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, the region from AWS_REGION; without them, the bucket must
 * be open to all.
 */
export const s3: Store = {
  scheme: 's3:',
  example: 's3://bucket/corpus/*.parquet',

  async list(address, env) {
    const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(address);
    if (!match) throw new InputError(`${address}: expected ${this.example}`);
    const [, bucket = '', key = ''] = match;
    const prefix = key.includes('*') ? key.slice(0, key.indexOf('*')) : key;
    const isWanted = key.includes('*')
      ? (name: string) => patternOf(key).test(name)
      : (name: string) => name === key || key === '' || name.startsWith(key.endsWith('/') ? key : `${key}/`);
    const files: StoredFile[] = [];
    let token: string | undefined;
    do {
      const query = new URLSearchParams({ 'list-type': '2', prefix });
      if (token !== undefined) query.set('continuation-token', token);
      const page = await (await request(s3, `${bucketUrl(bucket, env)}/?${query}`)).text();
      for (const [, entry = ''] of page.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        const name = elementText(entry, 'Key') ?? '';
        if (!isWanted(name) || name.endsWith('/')) continue;
        const encoded = name.split('/').map(encodeURIComponent).join('/');
        files.push({
          path: `s3://${bucket}/${name}`,
          size: Number(elementText(entry, 'Size')),
          stored: {
            url: `${bucketUrl(bucket, env)}/${encoded}`,
            version: elementText(entry, 'ETag'),
          },
        });
      }
      token = elementText(page, 'NextContinuationToken');
    } while (token !== undefined);
    return files;
  },

  async sign(request, env) {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
    if (!accessKeyId || !secretAccessKey) return request;
    const { AwsClient } = await import('aws4fetch');
    const sessionToken = env.AWS_SESSION_TOKEN;
    const keys = { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
    return new AwsClient({ ...keys, service: 's3', region: regionOf(env) }).sign(request);
  },
};

function bucketUrl(bucket: string, env: NodeJS.ProcessEnv): string {
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  if (endpoint) return `${endpoint.replace(/\/+$/, '')}/${bucket}`;
  return `https://${bucket}.s3.${regionOf(env)}.amazonaws.com`;
}

function regionOf(env: NodeJS.ProcessEnv): string {
  return env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1';
}

/** The text of an element of S3's answers. */
function elementText(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(xml)?.[1];
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text?.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal ?? hex) return String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16));
    return entities[name] ?? whole;
  });
}
