-- Lead: somebody left an address in a form, or sales typed one in.
-- client_id is the visitor's cookie from the hidden form field; without it the person is looked up by e-mail.
select
  lead_id as id,
  created_at as created,
  anonymous_id as client_id,
  lead_id,
  email,
  created_at as attribution_time
from crm_leads
where created_at >= @from and created_at < @to
