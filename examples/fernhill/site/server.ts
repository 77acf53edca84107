import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { FormRefused, StubCrm } from './crm.ts';

export interface SiteOptions {
  /** 0: the system chooses a free one. */
  readonly port: number;
  readonly host: string;
  /** Where the edge is, as browsers reach it. */
  readonly edgeUrl: string;
  /** A browser key. */
  readonly writeKey: string;
  /** The folder of the stub CRM's `leads.csv`. */
  readonly crmFolder: string;
  /** The command that the page after a form recommends, without the address. */
  readonly journeyCommand?: string;
}

export interface Site {
  readonly url: string;
  stop(): Promise<void>;
}

/** More than a form of this site can hold. */
const LONGEST_FORM = 16_384;

const textOf = (...path: string[]) => readFileSync(join(import.meta.dirname, ...path), 'utf8');
const textsIn = (folder: string) =>
  Object.fromEntries(readdirSync(join(import.meta.dirname, folder)).map((file) => [basename(file, '.html'), textOf(folder, file)]));

/**
 * Starts the website of Fernhill, the fictional company of the example: three pages, two forms and a stub CRM.
 * @throws Error with code EADDRINUSE if the port is taken.
 */
export async function startSite(options: SiteOptions): Promise<Site> {
  const crm = new StubCrm(options.crmFolder);
  const pages = textsIn('pages');
  const parts = textsIn('parts');
  const assets: Record<string, { type: string; body: string }> = {
    '/style.css': { type: 'text/css; charset=utf-8', body: textOf('style.css') },
    '/favicon.svg': { type: 'image/svg+xml', body: textOf('favicon.svg') },
  };
  const constants = {
    edge_url: options.edgeUrl.replace(/\/$/, ''),
    write_key: options.writeKey,
    journey_command: options.journeyCommand ?? 'npx touchtrail journey --email',
  };
  const edgeOrigin = new URL(options.edgeUrl).origin;
  const headers = {
    // No inline code and no inline style anywhere: the tracker needs neither.
    'content-security-policy': `default-src 'none'; script-src ${edgeOrigin}; connect-src ${edgeOrigin}; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  };

  const send = (response: ServerResponse, status: number, type: string, body: string) =>
    response.writeHead(status, { ...headers, 'content-type': type }).end(body);

  const sendPage = (response: ServerResponse, status: number, name: string, values: Record<string, string> = {}) => {
    const html = pages[name]!.replace(/\{\{(header|footer)\}\}/g, (_, part: string) => parts[part]!);
    const all: Record<string, string> = { ...constants, ...values };
    send(
      response,
      status,
      'text/html; charset=utf-8',
      html.replace(/\{\{(\w+)\}\}/g, (_, key: string) => escapeHtml(all[key] ?? '')),
    );
  };
  const sendMessage = (response: ServerResponse, status: number, title: string, message: string) =>
    sendPage(response, status, 'message', { status: String(status), title, message });

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    const name = pathname === '/' ? 'index' : pathname.slice(1);
    if (pathname === '/crm/leads') {
      if (request.method !== 'POST') {
        response.setHeader('allow', 'POST');
        return sendMessage(response, 405, 'Only forms go here', 'This address takes what the forms of this site post.');
      }
      await crm.addLead(await readForm(request), new Date());
      return response.writeHead(303, { ...headers, location: '/thanks' }).end();
    }
    const asset = assets[pathname];
    if (asset) return send(response, 200, asset.type, asset.body);
    if (['index', 'pricing', 'demo', 'thanks'].includes(name) && pathname !== '/index') return sendPage(response, 200, name);
    return sendMessage(
      response,
      404,
      'There is nothing here',
      'The page you asked for does not exist. It may have moved, or the address is misspelt.',
    );
  };

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      if (error instanceof FormRefused) sendMessage(response, 422, 'We could not take that', error.message);
      else {
        console.error(error);
        if (response.headersSent) response.destroy();
        else sendMessage(response, 500, 'Something broke on our side', 'Your entry was not saved. Please try again.');
      }
    });
  });
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  if (!request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) throw new FormRefused('Forms come url-encoded.');
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request as AsyncIterable<string>) {
    text += chunk;
    if (text.length > LONGEST_FORM) throw new FormRefused('That is more than these forms can hold.');
  }
  return new URLSearchParams(text);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
