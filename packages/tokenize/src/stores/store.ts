/** A file that a store holds. */
export interface StoredFile {
  /** Its address for messages and metadata, without credentials. */
  path: string;
  size: number;
  /** Where to fetch it, and a value that differs between versions of it, if the store provides one. */
  stored: { url: string; version: string | undefined };
}

/** A place that keeps files, chosen by the scheme of their addresses. */
export interface Store {
  /** With its colon: `s3:`. */
  readonly scheme: string;
  /** An example of an address, for messages. */
  readonly example: string;
  /**
   * The files at an address: a file, all files below a folder, or all that match a pattern with `*`.
   * @throws InputError if there is none, or the store does not answer
   */
  list(address: string, env: NodeJS.ProcessEnv): Promise<StoredFile[]>;
  /** Adds the credentials that the store asks for to a request. */
  sign?(request: Request, env: NodeJS.ProcessEnv): Promise<Request>;
}

/** An address without a user's name and password, and without a query, which may be a signature. */
export function withoutSecrets(address: string): string {
  return address.replace(/^(\w+:\/\/)[^/@]*@/, '$1').replace(/[?#].*$/, '');
}

/** A pattern of paths: `*` within a folder, `**` across them. */
export function patternOf(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\/?|\*|\?/g, (glob) => ({ '*': '[^/]*', '?': '[^/]' })[glob] ?? '.*');
  return new RegExp(`^${source}$`);
}
