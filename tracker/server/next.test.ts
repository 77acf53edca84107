import { expect, test } from 'vitest';
import type { VisitorCookie } from '../../edge/contract/visitor-cookie.ts';
import { nextVisitor, type NextInit } from './next.ts';

const ID = '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55';
const headers = {
  accept: 'text/html',
  'sec-fetch-dest': 'document',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
};
const request = (cookie?: string) =>
  new Request('https://www.shop.example/', { headers: cookie === undefined ? headers : { ...headers, cookie } });

/**
 * `NextResponse` as its documentation describes it: `next` takes the request headers that the page will see, and `cookies`
 * is a list of its own that is written to `Set-Cookie` with each change.
 */
class DocumentedResponse extends Response {
  seen = new Headers();
  readonly #list = new Map<string, VisitorCookie>();
  readonly cookies = {
    set: (cookie: VisitorCookie) => {
      this.#list.set(cookie.name, cookie);
      this.headers.delete('set-cookie');
      for (const { name, value, maxAge } of this.#list.values()) this.headers.append('set-cookie', `${name}=${value}; Max-Age=${maxAge}`);
    },
  };
  static next(init: NextInit): DocumentedResponse {
    const response = new DocumentedResponse();
    response.seen = init.request.headers;
    return response;
  }
}

/** What the page sees and what the browser gets. */
async function through(cookie: string | undefined, prepare: (response: DocumentedResponse) => void = () => {}) {
  let made: DocumentedResponse | undefined;
  const response = await nextVisitor(request(cookie), (init) => {
    made = DocumentedResponse.next(init);
    prepare(made);
    return made;
  });
  expect(response).toBe(made);
  return {
    cookieOfPage: made!.seen.get('cookie'),
    setCookies: response.headers.getSetCookie(),
    cacheControl: response.headers.get('cache-control'),
  };
}

test("a new visitor's id is in the browser's cookie and, in the same request, in that of the page", async () => {
  const { cookieOfPage, setCookies, cacheControl } = await through('theme=dark');
  const id = /^theme=dark; anonymous_id=([\da-f-]{36})$/.exec(cookieOfPage!)?.[1];
  expect(setCookies).toEqual([`anonymous_id=${id}; Max-Age=34560000`]);
  expect(cacheControl).toBe('private');
});

test("another program's cookie of that name does not hide the id", async () => {
  expect((await through('anonymous_id=42; theme=dark')).cookieOfPage).toMatch(/^theme=dark; anonymous_id=[\da-f-]{36}$/);
});

test('a known visitor stays the same, and nothing of the request is changed', async () => {
  const { cookieOfPage, setCookies } = await through(`anonymous_id=${ID}; theme=dark`);
  expect([cookieOfPage, setCookies]).toEqual([`anonymous_id=${ID}; theme=dark`, [`anonymous_id=${ID}; Max-Age=34560000`]]);
});

test('cookies that were set before stay', async () => {
  const session: VisitorCookie = { name: 'session', value: '1', maxAge: 60, path: '/', sameSite: 'Lax', secure: true };
  expect((await through(`anonymous_id=${ID}`, (response) => response.cookies.set(session))).setCookies).toEqual([
    'session=1; Max-Age=60',
    `anonymous_id=${ID}; Max-Age=34560000`,
  ]);
});

test('a response that others may keep has no cookie', async () => {
  const { setCookies, cacheControl } = await through(undefined, (response) => response.headers.set('cache-control', 's-maxage=60'));
  expect([setCookies, cacheControl]).toEqual([[], 's-maxage=60']);
});

test('a plain redirect is a response, too', async () => {
  const response = await nextVisitor(request(`anonymous_id=${ID}`), () => Response.redirect('https://www.shop.example/de', 307));
  expect([response.status, response.headers.get('location'), response.headers.getSetCookie()]).toEqual([
    307,
    'https://www.shop.example/de',
    [`anonymous_id=${ID}; Max-Age=34560000; Path=/; SameSite=Lax; Secure`],
  ]);
});

test('without consent the page sees what the browser sent, and nothing is set', async () => {
  let seen: string | null | undefined;
  const respond = ({ request }: NextInit) => ((seen = request.headers.get('cookie')), new Response());
  const response = await nextVisitor(request('theme=dark'), respond, { consent: () => false });
  expect([seen, response.headers.getSetCookie()]).toEqual(['theme=dark', []]);
});
