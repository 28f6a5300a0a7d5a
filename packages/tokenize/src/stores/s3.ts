import { defined } from '@mlm/base/defined';
import { InputError } from '@mlm/base/errors';
import { awsCredentials, awsSettings } from './aws.js';
import { request } from './request.js';
import { patternOf, type Store, type StoredFile } from './store.js';

/**
 * Buckets of Amazon S3, or of the server with its protocol at AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or the profile's
 * endpoint_url. Credentials and region come from the environment, else from where AWS's tools find them (AWS_PROFILE in
 * ~/.aws); without credentials, the bucket must be public.
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
    const url = await bucketUrl(bucket, env);
    let token: string | undefined;
    do {
      const query = new URLSearchParams({ 'list-type': '2', prefix });
      if (token !== undefined) query.set('continuation-token', token);
      const page = await (await request(s3, `${url}/?${query}`)).text();
      for (const [, entry = ''] of page.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        const name = elementText(entry, 'Key') ?? '';
        if (!isWanted(name) || name.endsWith('/')) continue;
        const encoded = name.split('/').map(encodeURIComponent).join('/');
        files.push({
          path: `s3://${bucket}/${name}`,
          size: Number(elementText(entry, 'Size')),
          stored: {
            url: `${url}/${encoded}`,
            version: elementText(entry, 'ETag'),
          },
        });
      }
      token = elementText(page, 'NextContinuationToken');
    } while (token !== undefined);
    return files;
  },

  async sign(request, env) {
    const credentials = await awsCredentials(env);
    if (!credentials) return request;
    const { AwsClient } = await import('aws4fetch');
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const keys = defined({ accessKeyId, secretAccessKey, sessionToken: sessionToken || undefined });
    const { region } = await awsSettings(env);
    return new AwsClient({ ...keys, service: 's3', region }).sign(request);
  },
};

async function bucketUrl(bucket: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { endpoint, region } = await awsSettings(env);
  if (endpoint) return `${endpoint.replace(/\/+$/, '')}/${bucket}`;
  return `https://${bucket}.s3.${region}.amazonaws.com`;
}

/** The text of an XML element in S3's answers. */
function elementText(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(xml)?.[1];
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text?.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal ?? hex) return String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16));
    return entities[name] ?? whole;
  });
}
