import { defineConfig } from 'touchtrail';

/** Fernhill (fictional): scheduling software for field crews, sold to businesses. Copy this file and make it yours. */
export default defineConfig({
  project: {
    name: 'Fernhill',
    // Report dates are in this zone, reported money is in this currency.
    timeZone: 'Europe/Berlin',
    currency: 'EUR',
  },

  // Visits between these are no referrals: the product links back to the website.
  site: { domains: ['fernhill.example'] },

  // Fernhill's customers are offices, whose laptops show the world one address: to join them by it would make colleagues one
  // person. A value that more ids hold than this links nobody. Who sells to households leaves this out.
  identity: { keys: { ip_hash: { maxAnonymousIds: 1 } } },

  // The CRM's export. `identity` names the columns that say who somebody is; the hidden form field put the visitor's
  // cookie into `anonymous_id`, and a row that holds it beside an e-mail address joins the two.
  sources: {
    crm_leads: {
      csv: 'crm/leads.csv',
      columns: {
        lead_id: 'STRING',
        created_at: 'TIMESTAMP',
        email: 'STRING',
        anonymous_id: 'STRING',
        form: 'STRING',
        mql_at: 'TIMESTAMP',
        hand_raised_at: 'TIMESTAMP',
      },
      key: ['lead_id'],
      identity: { anonymous_id: 'anonymous_id', email: 'email' },
      seen: 'created_at',
    },
    crm_deals: {
      csv: 'crm/deals.csv',
      columns: {
        deal_id: 'STRING',
        lead_id: 'STRING',
        name: 'STRING',
        created_at: 'TIMESTAMP',
        stage: 'STRING',
        closed_at: 'DATE',
        amount: 'FLOAT64',
        currency: 'STRING',
      },
      key: ['deal_id'],
    },
    crm_deal_stages: {
      csv: 'crm/deal_stages.csv',
      columns: { deal_id: 'STRING', stage: 'STRING', entered_at: 'TIMESTAMP' },
      key: ['deal_id', 'stage'],
    },
  },

  // Daily exports of the ad platforms, with the source and medium their clicks arrive with. The platforms are told of leads: what
  // they count themselves stands beside ours of these.
  costs: [
    { csv: 'costs/google_ads.csv', platform: 'google_ads', source: 'google', medium: 'cpc', platformConversion: 'lead' },
    { csv: 'costs/microsoft_ads.csv', platform: 'microsoft_ads', source: 'bing', medium: 'cpc', platformConversion: 'lead' },
    { csv: 'costs/linkedin_ads.csv', platform: 'linkedin_ads', source: 'linkedin', medium: 'paid_social', platformConversion: 'lead' },
    { csv: 'costs/meta_ads.csv', platform: 'meta_ads', source: 'facebook', medium: 'paid_social', platformConversion: 'lead' },
  ],

  // What counts as a conversion: one SQL file each. Whatever becomes of a lead takes the credits of the lead, and is followed
  // in the CRM for as long as it usually changes.
  conversions: [
    { name: 'lead', label: 'Lead', sql: 'conversions/lead.sql' },
    { name: 'mql', label: 'MQL', sql: 'conversions/mql.sql', inherit: { from: 'lead' }, adjustmentDays: 14 },
    { name: 'hand_raiser', label: 'Hand raiser', sql: 'conversions/hand_raiser.sql', inherit: { from: 'lead' }, adjustmentDays: 14 },
    {
      name: 'opportunity',
      label: 'Opportunity',
      sql: 'conversions/opportunity.sql',
      value: 'money',
      inherit: { from: 'lead' },
      adjustmentDays: 30,
    },
    {
      name: 'closed_won',
      label: 'Closed/Won',
      sql: 'conversions/closed_won.sql',
      value: 'money',
      // Software: running it takes a fifth of the revenue. With a margin there is a return on investment.
      margin: 0.8,
      inherit: { from: 'lead' },
      adjustmentDays: 180,
    },
  ],
  funnel: ['lead', 'mql', 'hand_raiser', 'opportunity', 'closed_won'],

  // The way of visitors through the site, whether or not they leave a lead.
  eventFunnels: [
    {
      name: 'demo_request',
      label: 'Demo request',
      steps: [
        { name: 'pricing', page_path: '/pricing' },
        { name: 'demo', label: 'Demo form', page_path: '/demo' },
        { name: 'sent', label: 'Form sent', event: 'Form Submitted', filter: { dimension: 'page_path', equals: '/demo' } },
      ],
      withinSession: true,
    },
  ],

  // What a campaign costs beside its ads. Amounts are spread evenly over their days.
  otherCosts: [
    { name: 'guide_writing', amount: 6400, from: '2025-11-01', to: '2025-11-30', channel: 'Paid Social', campaign: 'Dispatching Guide' },
    { name: 'guide_design', amount: 2200, from: '2025-12-01', to: '2025-12-31', channel: 'Paid Social', campaign: 'Dispatching Guide' },
  ],

  attribution: {
    models: [
      // Rules: what each says follows from the path alone.
      'first_click',
      'last_click',
      'last_significant_click',
      'linear',
      'position_based',
      'time_decay',
      'shapley',
      // Fitted every month to the paths that were seen, those that led nowhere included.
      'markov',
      'visit_scoring',
    ],
    lookbackDays: 90,
  },
});
