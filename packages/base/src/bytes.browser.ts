interface Request {
  responseType: string;
  readonly response: ArrayBuffer;
  readonly status: number;
  open(method: string, url: string, asynchronous: boolean): void;
  send(): void;
}

declare const XMLHttpRequest: new () => Request;

/**
 * {@link file://./bytes.ts | packageBytes} in a browser. Only workers may block while fetching bytes and compiling
 * WebAssembly, so run masking and encoding in one.
 */
export function packageBytes(url: URL): Uint8Array<ArrayBuffer> {
  const request = new XMLHttpRequest();
  request.open('GET', url.href, false);
  request.responseType = 'arraybuffer';
  request.send();
  if (request.status !== 200)
    throw new Error(`${url.href}: cannot be loaded (HTTP status ${request.status})`);
  return new Uint8Array(request.response);
}

export function readPackageBytes(url: URL, targets: readonly Uint8Array[]): void {
  const bytes = packageBytes(url);
  let at = 0;
  for (const target of targets) {
    target.set(bytes.subarray(at, at + target.length));
    at += target.length;
  }
}
