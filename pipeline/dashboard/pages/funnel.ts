import { tabs } from '../components/tabs.ts';
import { html, type Html } from '../html.ts';
import type { Page, PageContent, PageContext } from '../page.ts';
import { address, carried, stepParameter } from '../state.ts';
import { UserError } from '../../config/user-error.ts';
import { adFunnel } from './funnel-ads.ts';
import { cohortFunnel } from './funnel-cohort.ts';
import { eventFunnel } from './funnel-events.ts';
import { stageFunnel } from './funnel-stages.ts';

/** A view of the page: its form and what it shows, without the tabs. */
export type FunnelView = (context: PageContext) => Promise<Omit<PageContent, 'title'>>;

const VIEWS: Readonly<Record<string, { readonly label: string; readonly about: string; readonly view: FunnelView }>> = {
  cohort: {
    label: 'Lead cohort',
    about: 'The leads of the period, followed through all stages: who came how far, where they were lost, and what they were worth.',
    view: cohortFunnel,
  },
  stages: {
    label: 'Stages',
    about: 'Every stage by its own attribution: what happened in the period, whenever the leads came. No rates from one to the next.',
    view: stageFunnel,
  },
  ads: {
    label: 'Ads',
    about: 'From the impressions and clicks that the platforms report to the visits that arrived and what came of them.',
    view: adFunnel,
  },
  events: { label: 'Events', about: 'How far visitors get on their way through the site.', view: eventFunnel },
};

/** The way from an ad, a visit or a lead to the deal. Leads take time: a quarter says more than a month. */
export const funnel: Page = { path: '/funnel', label: 'Funnel', period: '90d', render };

async function render(context: PageContext): Promise<PageContent> {
  const { params } = context;
  const name = params.get('view') ?? 'cohort';
  const chosen = Object.hasOwn(VIEWS, name) ? VIEWS[name]! : undefined;
  if (!chosen) throw new UserError(`view=${name}: expected one of ${Object.keys(VIEWS).join(', ')}`, { exitCode: 2 });
  const { body, ...rest } = await chosen.view(context);
  return {
    title: 'Funnel',
    ...rest,
    body: html`${viewTabs(params, name)}
      <p class="quiet">${chosen.about}</p>
      ${body}`,
  };
}

/** What a view alone understands stays behind; the platforms know of no filters but their own. */
function viewTabs(params: URLSearchParams, current: string): Html {
  const filters = [...params].filter(([name]) => name === 'filter' || name.startsWith(stepParameter('')));
  const own = new URLSearchParams([...carried(params)].filter(([name]) => !['basis', 'conversion'].includes(name)));
  return tabs(
    'Views of the funnel',
    Object.entries(VIEWS).map(([name, { label }]) => {
      const kept = name === 'ads' ? own : new URLSearchParams([...own, ...filters]);
      return { label, href: address('/funnel', kept, { view: name }), isCurrent: name === current };
    }),
  );
}
