import { EMAIL, IP, IP6, BAD_JSON, type CorpusBuilder } from './corpus-builder.ts';

/** Addresses of e-mail and visitors, in every place and every way of writing them. */
export function addAddresses({ add, single, track }: CorpusBuilder): void {
  const written = [
    EMAIL,
    EMAIL.toUpperCase(),
    ` ${EMAIL}\n`,
    `mailto:${EMAIL}`,
    `<${EMAIL}>`,
    `"A B" <${EMAIL}>`,
    encodeURIComponent(EMAIL),
    encodeURIComponent(encodeURIComponent(EMAIL)),
    EMAIL.replace('@', '＠'),
    EMAIL.replace('@', '&#64;'),
    EMAIL.replace('@', '&commat;'),
    EMAIL.replace('@', '\\u0040'),
    EMAIL.replace('@', '\u200b@'),
    EMAIL.replace('abuse', 'ab\u00aduse'),
    `https://x.example/?e=${EMAIL}&f=1#${EMAIL}`,
    `https://${EMAIL}/`,
    `a,${EMAIL};b`,
    `(${EMAIL})`,
    `{"email":"${EMAIL}"}`,
    `x=${EMAIL}@y`,
  ];
  const places = [
    'messageId',
    'anonymousId',
    'userId',
    'previousId',
    'groupId',
    'event',
    'name',
    'category',
    'properties',
    'traits',
    'context',
    'integrations',
    'timestamp',
    'sentAt',
    'sequence',
    'unknown',
  ];
  for (const text of written) {
    const everywhere = Object.fromEntries(
      places.map((place) => [
        place,
        ['properties', 'traits', 'context', 'integrations'].includes(place)
          ? {
              [text]: text,
              deep: [{ [text]: [text] }],
              page: { url: text, path: text, title: text, referrer: text },
              campaign: { name: text, source: text },
              userAgent: text,
              library: { name: text, version: text },
            }
          : text,
      ]),
    );
    single(`an address in all members: ${text}`, { ...everywhere, anonymousId: 'a' }, 'accounted');
    single(`an address in what is refused: ${text}`, { ...everywhere, event: { [text]: text } }, 'accounted');
    add(`an address in what cannot be read: ${text}`, '/v1/batch', `{"batch":[${JSON.stringify(everywhere)}`, BAD_JSON);
    add(
      `an address in a pixel: ${text}`,
      `/v1/pixel/track?data=${encodeURIComponent(Buffer.from(JSON.stringify({ event: text, anonymousId: text, properties: { a: text } })).toString('base64'))}`,
      undefined,
      { image: 'stored' },
      {},
      'GET',
    );
    add(
      `an address in a pixel of members: ${text}`,
      `/pixel/v1/track?event=${encodeURIComponent(text)}&anonymousId=a&${encodeURIComponent(text)}=1&properties.x=${encodeURIComponent(text)}`,
      undefined,
      { image: 'stored' },
      {},
      'GET',
    );
    const header = encodeURI(text).replace(/%0A/g, '');
    single(`an address in headers: ${text}`, track(), 'stored', {
      'user-agent': header,
      referer: header,
      cookie: `a=${header}`,
      'accept-language': header,
      from: header,
      sentat: header,
      anonymousid: header,
      'x-anything': header,
      'content-type': header,
    });
  }
  for (const ip of [IP, `${IP}:8080`, `[${IP6}]:443`, IP6, `::ffff:${IP}`]) {
    single(
      `an address of a visitor: ${ip}`,
      track({
        ip,
        properties: { ip, client: ip, list: [ip, [ip]], url: `https://x.example/?ip=${ip}` },
        context: { ip, device: { ip_address: ip } },
        traits: { lastIp: ip },
      }),
      'stored',
    );
    single(
      `an address of a visitor in what is refused: ${ip}`,
      { event: 7, ip, note: `came from ${ip}, again` },
      { rejected: 'invalid_value', path: 'event' },
    );
    single(`an address of a visitor in headers: ${ip}`, track(), 'stored', {
      'user-agent': `Bot (${ip})`,
      'x-forwarded-for': ip,
      'cf-connecting-ip': ip,
      forwarded: `for="${ip}"`,
      'true-client-ip': ip,
      'x-real-ip': ip,
    });
  }
}
