import { join, raw, sql, type Sql } from '../../warehouse/sql.ts';

/**
 * The rows of report_funnel: the conversions of every stage after the first with the lead that each belongs to. Leads are the
 * conversions of the first stage.
 *
 * A conversion belongs to the lead that its lead_id leads to: that is the id of a lead, or of a conversion of an earlier
 * stage, which belongs to the lead that it leads to itself. Where several stages have that id, the first stage counts, then
 * the others from the nearest to the farthest. Without such a lead it belongs to the lead of the same user_id, else of the
 * same person: of several to the latest at or before it, else to the earliest after it; at the same time the least id.
 *
 * @param stages names of conversions in the order of the funnel.
 * @param conversions the conversions to link: a FROM item without an alias.
 */
export function linkRows(stages: readonly string[], conversions: Sql): Sql {
  const [first, ...later] = stages;
  if (first === undefined || later.length === 0) throw new Error('a funnel of fewer than two stages links nothing');
  const leads = sql`leads as (
      select id, conversion_time, user_id, person_key
      from ${conversions}
      where conversion_name = ${first}
    )`;
  const ctes = [leads, ...later.flatMap((name, i) => stageCtes(name, i + 1, conversions))];
  const linked = later.map(
    (name, i) => sql`
      select ${name} as conversion_name, id, lead_id, linked_by, conversion_time, conversion_date, value_micros
      from ${raw(`stage_${i + 1}`)}`,
  );
  const ofLead = raw('partition by linked.conversion_name, linked.lead_id');
  return sql`
    with ${join(ctes, ',\n    ')},
    linked as (${join(linked, '\n      union all')}
    ),
    placed as (
      select
        linked.conversion_name, linked.id, linked.lead_id, linked.linked_by, linked.conversion_time, linked.conversion_date,
        leads.conversion_time as lead_time, linked.value_micros,
        linked.lead_id is not null and row_number() over (
          ${ofLead} order by linked.conversion_time nulls first, linked.id nulls first
        ) = 1 as is_first,
        count(*) over (${ofLead}) as lead_conversions,
        count(linked.value_micros) over (${ofLead}) as lead_valued,
        sum(linked.value_micros) over (${ofLead}) as lead_value_micros
      from linked
      left join leads on leads.id = linked.lead_id
    )
    select
      conversion_name, id, lead_id, linked_by, conversion_time, conversion_date, lead_time, value_micros, is_first,
      if(is_first, lead_conversions, null) as lead_conversions, if(is_first, lead_valued, null) as lead_valued,
      if(is_first, lead_value_micros, null) as lead_value_micros
    from placed`;
}

const SAME = ['user_id', 'person_key'] as const;

/** CTEs that end with `stage_N`: the conversions of the Nth stage after the first, each with its lead. */
function stageCtes(name: string, stage: number, conversions: Sql): Sql[] {
  const cte = (prefix: string) => raw(`${prefix}_${stage}`);
  const earlier = Array.from({ length: stage - 1 }, (_, i) => `stage_${stage - 1 - i}`);
  const parents = earlier.map((one) => raw(`left join ${one} on ${one}.id = given.lead_id`));
  const lead = raw(`coalesce(${['leads.id', ...earlier.map((one) => `${one}.lead_id`), 'cast(null as string)'].join(', ')})`);
  const chained = sql`${cte('chained')} as (
      select
        given.id, given.conversion_time, given.conversion_date, given.value_micros, given.user_id, given.person_key, ${lead} as lead_id
      from ${conversions} as given
      left join leads on leads.id = given.lead_id
      ${join(parents, '\n      ')}
      where given.conversion_name = ${name}
    )`;
  const lonely = sql`${cte('lonely')} as (
      select id, conversion_time, user_id, person_key
      from ${cte('chained')}
      where lead_id is null
    )`;
  const found = sql`${cte('stage')} as (
      select
        chained.id, chained.conversion_time, chained.conversion_date, chained.value_micros,
        coalesce(chained.lead_id, by_user_id.lead_id, by_person_key.lead_id) as lead_id,
        case
          when chained.lead_id is not null then 'lead_id'
          when by_user_id.lead_id is not null then 'user_id'
          when by_person_key.lead_id is not null then 'person'
        end as linked_by
      from ${cte('chained')} as chained
      left join ${cte('by_user_id')} as by_user_id on by_user_id.id = chained.id
      left join ${cte('by_person_key')} as by_person_key on by_person_key.id = chained.id
    )`;
  return [chained, lonely, ...SAME.map((key) => nearestLeads(cte(`by_${key}`), cte('lonely'), key)), found];
}

/** Of each lonely conversion the nearest lead with the same key: one walk over both in the order of time. */
function nearestLeads(name: Sql, lonely: Sql, key: (typeof SAME)[number]): Sql {
  const column = raw(key);
  return sql`${name} as (
      select id, coalesce(lead_before, lead_after) as lead_id
      from (
        select
          id, is_lead,
          last_value(lead_id ignore nulls) over (
            partition by shared order by conversion_time nulls first, is_lead desc nulls first, id desc nulls first
            rows between unbounded preceding and current row
          ) as lead_before,
          first_value(lead_id ignore nulls) over (
            partition by shared order by conversion_time nulls first, is_lead nulls first, id nulls first
            rows between current row and unbounded following
          ) as lead_after
        from (
          select id, conversion_time, ${column} as shared, 0 as is_lead, cast(null as string) as lead_id
          from ${lonely}
          where ${column} is not null
          union all
          select id, conversion_time, ${column} as shared, 1 as is_lead, id as lead_id
          from leads
          where ${column} in (select ${column} from ${lonely} where ${column} is not null)
        ) as walk
      ) as walked
      where is_lead = 0
    )`;
}
