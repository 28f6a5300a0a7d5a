/** A file that a store holds. */
export interface StoredFile {
  /** Its address as messages and metadata show it: without credentials. */
  path: string;
  size: number;
  /** Where it is fetched from, and what tells one version of it from another, where the store says something of the kind. */
  stored: { url: string; version: string | undefined };
}

/** A place that keeps files, by the beginning of their addresses. */
export interface Store {
  /** With its colon: `s3:`. */
  readonly scheme: string;
  /** How an address looks, for messages. */
  readonly example: string;
  /**
   * The files at an address: itself, or those below a folder or, with `*`, of a pattern.
   * @throws InputError when there is none, or the store cannot be asked
   */
  list(address: string, env: NodeJS.ProcessEnv): Promise<StoredFile[]>;
  /** The request for a file or a range of it, with what the store wants for letting it be read. */
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
