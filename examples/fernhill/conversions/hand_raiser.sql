-- Hand raiser: a qualified lead that asked to talk to sales.
select
  lead_id as id,
  hand_raised_at as created,
  anonymous_id as client_id,
  lead_id,
  email,
  created_at as attribution_time
from crm_leads
where hand_raised_at >= @from and hand_raised_at < @to
