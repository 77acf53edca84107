-- Opportunity: sales opened a deal; its value is the amount expected.
-- The deal knows its lead, the lead knows the visitor and the time the look-back window is anchored at.
select
  deals.deal_id as id,
  deals.created_at as created,
  leads.anonymous_id as client_id,
  leads.lead_id,
  leads.email,
  leads.created_at as attribution_time,
  deals.amount as value,
  deals.currency
from crm_deals as deals
inner join crm_leads as leads on leads.lead_id = deals.lead_id
where deals.created_at >= @from and deals.created_at < @to
