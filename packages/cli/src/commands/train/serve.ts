import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { InputError } from '@mlm/base/errors';

/**
 * Serves a run's live report on the loopback address, to this machine alone.
 * @param port 0 takes a free one
 * @throws InputError when the port is taken
 */
export async function serveReport(folder: string, port: number): Promise<{ url: string; close(): void }> {
  const server = createServer(async (request, response) => {
    if (request.url !== '/') return response.writeHead(404).end();
    const page = await readFile(join(folder, 'report.html')).catch(() => undefined);
    response.setHeader('content-type', 'text/html; charset=utf-8').setHeader('cache-control', 'no-store');
    response.end(page ?? waiting);
  });
  await listen(server, port);
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${taken}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const waiting =
  '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="2"><title>mlm</title><p>The first report comes with the first steps.</p>';

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new InputError(`port ${port} cannot be used (${error.code}); choose another, or 0 for any free one`),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
}
