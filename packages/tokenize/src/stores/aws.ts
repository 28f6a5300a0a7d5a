import { InputError } from '@mlm/base/errors';

/** Credentials that sign a request; `undefined` if there are none and the bucket must be public. */
export type AwsCredentials =
  | { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined }
  | undefined;

/** Settings from the environment and ~/.aws. */
export interface AwsSettings {
  region: string;
  /** The server that speaks S3's protocol; `undefined` for Amazon's. */
  endpoint: string | undefined;
}

type Env = NodeJS.ProcessEnv;

/** The message of AWS's provider if there are no credentials at all, as opposed to some that could not be obtained. */
const NONE_ANYWHERE = 'Could not load credentials from any providers';

/** Providers by their sources; each caches its credentials until they expire. */
const providers = new Map<string, () => Promise<AwsCredentials>>();

/**
 * Credentials from the places where AWS's own tools look, in this order: the environment, the profile (keys, roles,
 * single sign-on, a process), a web identity, a container, the machine itself.
 * @throws InputError if there are some but they cannot be obtained, or AWS_PROFILE names a profile without any. The
 * message omits the cause, which may contain the command line of a process that supplies credentials.
 */
export async function awsCredentials(env: Env): Promise<AwsCredentials> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (accessKeyId && secretAccessKey)
    return { accessKeyId, secretAccessKey, sessionToken: env.AWS_SESSION_TOKEN };
  const sources = JSON.stringify([env.AWS_PROFILE, env.AWS_SHARED_CREDENTIALS_FILE, env.AWS_CONFIG_FILE]);
  let provider = providers.get(sources);
  if (!provider) {
    provider = await providerOf(env.AWS_PROFILE);
    providers.set(sources, provider);
  }
  return provider();
}

async function providerOf(profile: string | undefined): Promise<() => Promise<AwsCredentials>> {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  const provide = defaultProvider({ timeout: 1000, maxRetries: 0 });
  let isNone = false;
  return async () => {
    if (isNone) return undefined;
    try {
      return await provide();
    } catch (error) {
      isNone = !profile && (error as Error).message === NONE_ANYWHERE;
      if (isNone) return undefined;
      const whose = profile ? `the profile ${profile}` : 'the default profile or this machine';
      throw new InputError(
        `AWS credentials of ${whose} cannot be obtained; “aws sts get-caller-identity” says why`,
      );
    }
  };
}

/** Region and endpoint: from the environment, else from the profile. */
export async function awsSettings(env: Env): Promise<AwsSettings> {
  const region = env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  if (region && endpoint) return { region, endpoint };
  const { loadSharedConfigFiles } = await import('@smithy/shared-ini-file-loader');
  const name = env.AWS_PROFILE ?? 'default';
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const profile = { ...credentialsFile[name], ...configFile[name] };
  return {
    region: region ?? profile.region ?? 'us-east-1',
    endpoint: endpoint ?? profile.endpoint_url,
  };
}
