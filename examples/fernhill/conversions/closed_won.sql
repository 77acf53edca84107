-- Closed/Won: the deal was signed. The CRM knows the day only: that is the end of the day in the project's time zone.
-- Revenue belongs to the month of the signature, the credit to what brought the lead, however long ago.
select
  deals.deal_id as id,
  deals.closed_at as created,
  leads.anonymous_id as client_id,
  leads.lead_id,
  leads.email,
  leads.created_at as attribution_time,
  deals.amount as value,
  deals.currency
from crm_deals as deals
inner join crm_leads as leads on leads.lead_id = deals.lead_id
where deals.stage = 'closed_won'
  and deals.closed_at >= cast(@from as date) and deals.closed_at < cast(@to as date)
