import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { basename, join, resolve } from 'node:path';
import { InputError } from '@mlm/base/errors';
import { reportPage } from '@mlm/pages';

/** The live report of a run. */
export interface ServedReport {
  url: string;
  /** Sends the last report to the pages that are open, then ends. */
  close(): Promise<void>;
}

/**
 * Serves a run's live report on the loopback address, reachable only from this machine. Pages learn at `/events`
 * (server-sent events) of each new report, and get the last one whole: nobody answers them afterwards.
 * @param port 0: any free port
 * @throws InputError if the port cannot be used
 */
export async function serveReport(folder: string, port: number): Promise<ServedReport> {
  const file = join(folder, 'report.html');
  const open = new Set<ServerResponse>();
  const report = () => readFile(file, 'utf8').catch(() => firstPage(folder));
  const server = createServer(async (request, response) => {
    response.setHeader('cache-control', 'no-store');
    if (request.url === '/') {
      response.setHeader('content-type', 'text/html; charset=utf-8').end(await report());
    } else if (request.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      open.add(response.on('close', () => open.delete(response)));
    } else response.writeHead(404).end();
  });
  await listen(server, port);
  const news = () => {
    for (const page of open) page.write('data: report\n\n');
  };
  watchFile(file, { interval: 1000, persistent: false }, news);
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${taken}/`,
    async close() {
      unwatchFile(file, news);
      server.close();
      const last = `event: end\ndata: ${JSON.stringify(await report())}\n\n`;
      const sent = [...open].map((page) => new Promise<void>((done) => page.end(last, done)));
      await Promise.race([Promise.all(sent), after(1000)]);
      server.closeAllConnections();
    },
  };
}

/** The report before there is one. */
function firstPage(folder: string): string {
  return reportPage({
    name: basename(resolve(folder)),
    status: 'running',
    facts: {},
    steps: [],
    evaluations: [],
  });
}

function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}

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
