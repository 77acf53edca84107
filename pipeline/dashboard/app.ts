import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { setCookie } from 'hono/cookie';
import { HTTPException } from 'hono/http-exception';
import { UserError } from '../config/user-error.ts';
import { publishedModel } from '../models/reports/publication.ts';
import { EarlierShapeError } from '../query/earlier-shape.ts';
import { figureFormat, timeFormat } from '../query/format.ts';
import { NoPublicationError, type OpenPublication } from '../query/publication.ts';
import { lastFullDay, publishedDates } from '../query/published-dates.ts';
import { SCRIPT } from './assets/script.ts';
import { STYLE } from './assets/style.ts';
import { withAddedFilter } from './components/add-filter.ts';
import { html, type Html } from './html.ts';
import { type Assets, documentOf, framed, navigation } from './layout.ts';
import type { Page, PageContext } from './page.ts';
import { PAGES } from './pages/index.ts';
import type { Reader } from '../query/reader.ts';
import { isSame, knownHosts, protectedAnswers, SESSION_COOKIE, sessionOf, signedIn } from './security.ts';
import { address, viewState } from './state.ts';

export interface DashboardOptions {
  readonly dataFolder: string;
  readonly reader: Reader;
  readonly now: () => Date;
  /** Names it may be asked by, without a port; `any` where a token protects it. */
  readonly hosts: readonly string[] | 'any';
  /** Whoever has it may read everything; without one everybody who reaches the port may. */
  readonly token?: string | undefined;
  /** Told of errors that are not the reader's. */
  readonly log: (line: string) => void;
  /** Answers what programs ask at /mcp; it asks for the token itself. */
  readonly mcp?: ((request: Request) => Promise<Response>) | undefined;
}

const hashed = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);
const ASSETS: Assets = { style: `/assets/style-${hashed(STYLE)}.css`, script: `/assets/script-${hashed(SCRIPT)}.js` };
/** Bytes: its fields are short. */
const LARGEST_FORM = 16_384;
const FOR_EVER = 'public, max-age=31536000, immutable';

/** The dashboard as an application that answers requests. It reads publications, and writes nothing. */
export function createDashboard(options: DashboardOptions): Hono {
  const { reader, token, log } = options;
  const app = new Hono();
  app.use(protectedAnswers(), knownHosts(options.hosts), signedIn(token));
  app.get('/health', (context) => context.text('ok\n'));
  app.get(ASSETS.style, (context) => context.body(STYLE, 200, { 'content-type': 'text/css; charset=utf-8', 'cache-control': FOR_EVER }));
  app.get(ASSETS.script, (context) =>
    context.body(SCRIPT, 200, { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': FOR_EVER }),
  );
  if (token !== undefined) addLogin(app, token);
  if (options.mcp) app.all('/mcp', (context) => options.mcp!(context.req.raw));
  for (const page of PAGES) {
    app.get(page.path, async (context) => {
      const url = new URL(context.req.url);
      const filtered = withAddedFilter(url.searchParams);
      if (filtered) return context.redirect(address(page.path, filtered), 303);
      return reader.read(url.searchParams.get('as_of') || undefined, async (opened) => {
        const pageContext = await contextOf(opened, page, url.searchParams, options);
        const content = await page.render(pageContext);
        if (url.searchParams.get('format') !== 'csv' || content.status === 404)
          return context.html(framed(ASSETS, PAGES, pageContext, content), content.status ?? 200);
        if (content.csv === undefined) throw new UserError(`the page ${page.label} has no table to download`, { exitCode: 2 });
        const name = `${content.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}-${opened.publication.publication_id}.csv`;
        return context.body(content.csv(), 200, {
          'content-type': 'text/csv; charset=utf-8',
          'content-disposition': `attachment; filename="${name}"`,
        });
      });
    });
    if (page.sent !== undefined) addForm(app, page.path, page.sent);
  }
  app.notFound((context) =>
    context.html(problem('There is no such page', html`<p>Nothing is at <code>${context.req.path}</code>.</p>`), 404),
  );
  app.onError((error, context) => {
    const path = new URL(context.req.url).pathname;
    if (error instanceof HTTPException) return error.getResponse();
    if (error instanceof NoPublicationError) return context.html(notYetPublished(error), 503);
    if (error instanceof EarlierShapeError) return context.html(earlierVersion(path, error), error.isLast ? 503 : 404);
    const isUsers = error instanceof UserError;
    if (!isUsers) log(`dashboard: ${path}: ${error.stack ?? error.message}`);
    const text = isUsers ? error.message : 'This page could not be made; the log of the dashboard says why.';
    return context.html(
      problem(
        isUsers ? 'This cannot be shown' : 'Something is wrong',
        html`<p>${text}</p>
          <p><a href="${path}">Show ${path} with its defaults</a></p>`,
      ),
      isUsers ? (error.exitCode === 2 ? 400 : 503) : 500,
    );
  });
  return app;
}

async function contextOf(
  opened: OpenPublication,
  { path, period }: Page,
  params: URLSearchParams,
  options: DashboardOptions,
): Promise<PageContext> {
  const { warehouse, publication } = opened;
  const { config } = publication;
  const now = options.now();
  const published = await publishedDates(warehouse);
  const lastDay = lastFullDay(published, now, config.project.timeZone);
  return {
    warehouse,
    publication,
    config,
    path,
    params,
    state: viewState(params, { config, lastDay, published, period }),
    published,
    now,
    dataFolder: options.dataFolder,
    figure: figureFormat(config.project.currency),
    time: timeFormat(config.project.timeZone),
    conversionLabel: (name) => config.conversions.find((one) => one.name === name)?.label ?? name,
    modelLabel: (name) => publishedModel(config, name).label,
  };
}

function problem(title: string, body: Html): Html {
  return documentOf(ASSETS, {
    title,
    navigation: navigation(PAGES, '', new URLSearchParams()),
    body: html`<h1>${title}</h1>
      <div class="panel warning">${body}</div>`,
  });
}

/** A project before its first run: what to do next. */
function notYetPublished({ message }: NoPublicationError): Html {
  return documentOf(ASSETS, {
    title: 'Nothing is published yet',
    navigation: navigation(PAGES, '', new URLSearchParams()),
    body: html`<h1>Nothing is published yet</h1>
      <section class="panel empty">
        <h2>The first run fills these pages</h2>
        <p>Put the script tag on the site (<code>npx touchtrail doctor --site https://www.example.com/</code> says whether it works).</p>
        <p><code>npx touchtrail run</code> publishes what has been seen; <code>npx touchtrail up</code> does it every night.</p>
        <p class="quiet">${message}</p>
      </section>`,
  });
}

/** Nothing is broken: what the product reads now, that publication does not have yet. */
function earlierVersion(path: string, { message, isLast }: EarlierShapeError): Html {
  const next = isLast
    ? html`<p>Run <code>npx touchtrail run</code> once: it publishes what this version reads. Then load this page again.</p>`
    : html`<p><a href="${path}">Show the last publication</a></p>`;
  return problem(
    'Published by an earlier version',
    html`${next}
      <p class="quiet">${message}.</p>`,
  );
}

/** A form that is sent leads to an address: nothing is kept of it. */
function addForm(app: Hono, path: string, sent: NonNullable<Page['sent']>): void {
  app.post(path, bodyLimit({ maxSize: LARGEST_FORM }), async (context) => {
    const fields = Object.entries(await context.req.parseBody());
    const texts = new Map(fields.filter((field): field is [string, string] => typeof field[1] === 'string'));
    return context.redirect(sent(texts, new URL(context.req.url).searchParams), 303);
  });
}

/** A form for the token. What it sets, the browser sends to this dashboard only, and no script can read. */
function addLogin(app: Hono, token: string): void {
  app.get('/login', (context) => context.html(loginForm(ownPath(context.req.query('to')), false)));
  app.post('/login', bodyLimit({ maxSize: LARGEST_FORM }), async (context) => {
    const { token: given, to } = await context.req.parseBody();
    const path = ownPath(typeof to === 'string' ? to : undefined);
    if (typeof given !== 'string' || !isSame(given, token)) return context.html(loginForm(path, true), 401);
    setCookie(context, SESSION_COOKIE, sessionOf(token), {
      httpOnly: true,
      sameSite: 'Lax',
      path: '/',
      maxAge: 12 * 3600,
      secure: new URL(context.req.url).protocol === 'https:' || context.req.header('x-forwarded-proto') === 'https',
    });
    return context.redirect(path, 303);
  });
}

function loginForm(to: string, isWrong: boolean): Html {
  return documentOf(ASSETS, {
    title: 'Sign in',
    body: html`<h1>Sign in</h1>
      <form class="panel filters" method="post" action="/login">
        <input type="hidden" name="to" value="${to}" /><label
          >Token<input type="password" name="token" required autocomplete="current-password"
        /></label>
        <button type="submit">Sign in</button>${isWrong ? html`<p role="alert" class="failed">That is not the token.</p>` : ''}
      </form>`,
  });
}

/** A path of the dashboard itself: never another site, as browsers read it. */
function ownPath(to: string | undefined): string {
  const url = to?.startsWith('/') ? URL.parse(to, 'http://dashboard.invalid') : undefined;
  return url?.origin === 'http://dashboard.invalid' ? url.pathname.replace(/^\/+/, '/') + url.search : '/';
}
