-- MQL: marketing found the lead qualified.
-- It counts when that happened (created); what brought it is what brought the lead (attribution_time).
select
  lead_id as id,
  mql_at as created,
  anonymous_id as client_id,
  lead_id,
  email,
  created_at as attribution_time
from crm_leads
where mql_at >= @from and mql_at < @to
