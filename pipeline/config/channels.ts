import * as z from 'zod';
import { type TextTest, hasNoIssue, text, textTest } from './text-test.ts';

export type { TextTest } from './text-test.ts';

/** What a rule may ask about a visit; all texts are compared without regard to letter case. */
export const CHANNEL_FIELDS = ['source', 'medium', 'campaign', 'referrerHost', 'landingPath', 'adPlatform', 'clickId'] as const;
/** One of {@link CHANNEL_FIELDS}. */
export type ChannelField = (typeof CHANNEL_FIELDS)[number];

/** What must hold for a rule: all its members at once. */
export interface ChannelCondition extends Partial<Record<ChannelField, TextTest | undefined>> {
  /** Conditions that must all hold. */
  all?: ChannelCondition[] | undefined;
  /** Conditions of which one must hold. */
  any?: ChannelCondition[] | undefined;
}

type Conditions = z.ZodOptional<z.ZodArray<z.ZodType<ChannelCondition, ChannelCondition>>>;

const condition: z.ZodType<ChannelCondition, ChannelCondition> = z
  .strictObject({
    source: textTest.optional(),
    medium: textTest.optional(),
    campaign: textTest.optional(),
    /** Host of the referrer, without a leading `www.`; also where it is excluded or the site itself. */
    referrerHost: textTest.optional(),
    /** Path of the first page, such as `/pricing`. */
    landingPath: textTest.optional(),
    /** Platform of the click id or of the cost file, such as `google_ads`. */
    adPlatform: textTest.optional(),
    /** Name of the click id that decides, such as `gclid`. */
    clickId: textTest.optional(),
    get all(): Conditions {
      return z.array(condition).min(1).optional();
    },
    get any(): Conditions {
      return z.array(condition).min(1).optional();
    },
  })
  .refine((when) => Object.values(when).some((value) => value !== undefined), {
    error: () => `{}: expected at least one of ${CHANNEL_FIELDS.join(', ')}, all, any`,
    when: hasNoIssue,
  });

const rule = z.strictObject({
  /** Name of the channel: one of the default group or another one. */
  channel: text,
  when: condition,
});

/** Labels of letters, digits, hyphens and underscores (package names of apps have them); `name.*` stands for any country. */
const SITE_HOST = /^(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*(?:\.\*)?$/i;
const siteHost = z.string().refine((host) => SITE_HOST.test(host), {
  error: ({ input }) =>
    `${JSON.stringify(input)}: expected a host such as "${siteIn(String(input)) ?? 'search.example'}", with "example.*" for all countries, or a name as in utm_source`,
});

/** The host that was most likely meant: `https://suche.example/` → `suche.example`. */
function siteIn(given: string): string | undefined {
  const host = (URL.parse(given) ?? URL.parse(`https://${given}`))?.hostname;
  return host !== undefined && SITE_HOST.test(host) ? host : undefined;
}

const hosts = z.array(siteHost).default([]);

/** The kinds of sites that a project may add to; `referral` makes a site an ordinary one, `excluded` none at all. */
export const SITE_KINDS = ['search', 'social', 'video', 'shopping', 'ai', 'mail', 'referral', 'excluded'] as const;
/** One of {@link SITE_KINDS}. */
export type SiteKind = (typeof SITE_KINDS)[number];
const NO_SITES = { search: [], social: [], video: [], shopping: [], ai: [], mail: [], referral: [], excluded: [] };

const parameter = z
  .string()
  .regex(/^(?!utm_|ehash$)[\w.-]{1,64}$/i, 'expected the name of a URL parameter that is neither utm_… nor ehash');

const clickId = z.strictObject({
  /** Source and medium of visits that carry it, where they have no UTM parameters. */
  source: text,
  medium: text,
  /** Whose click id it is, as in `costs`. */
  platform: z.string().regex(/^[a-z][a-z0-9_]*$/, 'expected lower-case letters, digits and underscores, beginning with a letter'),
  /** Whether only paid placements carry it; then it stands above the referrer. */
  adsOnly: z.boolean().default(true),
});

/** The part `channels` of the config: how a visit gets its source, medium and channel, beyond what is built in. */
export const channels = z
  .strictObject({
    /** Asked in their order, before the default group; the first one that holds decides. */
    rules: z.array(rule).default([]),
    /** Sites, with all their subdomains, by what a visit from them is; before the built-in list. */
    sites: z
      .strictObject({
        search: hosts,
        social: hosts,
        video: hosts,
        shopping: hosts,
        ai: hosts,
        mail: hosts,
        /** Ordinary referrals, whatever the built-in list says. */
        referral: hosts,
        /** Payment providers, sign-in pages and the like: a visit that comes from them is none of theirs. */
        excluded: hosts,
      })
      .default(NO_SITES),
    /** Media by the name that they have in reports: `{ newsletter: 'email' }`. */
    mediums: z.record(text, text).default({}),
    /** Click ids by the name of their URL parameter: the project's own, or another meaning of a built-in one. */
    clickIds: z.record(parameter, clickId).default({}),
  })
  .default({ rules: [], sites: NO_SITES, mediums: {}, clickIds: {} });
/** The part `channels` of the config. */
export type ChannelsConfig = z.infer<typeof channels>;
