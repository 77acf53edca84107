import { APPLIED_VERSIONS } from '../../models/attribution/fitted-tables.ts';
import { param, raw, sql, type Sql } from '../../warehouse/sql.ts';
import type { Cause } from './causes.ts';
import { type Compared, makeContributions } from './conversions.ts';
import type { ChangedDefinitions } from './definitions.ts';
import { CREDITED, makeEvidence, makePersonEvidence, OF_PERSONS, SUBJECTS } from './evidence.ts';
import { isNamedByCosts } from './keys.ts';
import { of, type PublicationPair } from './pair.ts';

/** The cause of each conversion that differs, with what differs. */
export const CONVERSION_CAUSES = 'conversion_causes';

/**
 * Makes {@link CONVERSION_CAUSES}: of each conversion that differs the first cause that applies, in the order of `CAUSES`.
 *
 * Where a definition differs, all that it defines was built anew and has that cause, but for what is new since: a
 * conversion of a time after the last event of the earlier publication. What neither the conversion nor its credited
 * sessions explain is looked for in all sessions of its person.
 */
export async function makeConversionCauses(pair: PublicationPair, compared: Compared, definitions: ChangedDefinitions): Promise<void> {
  await makeContributions(pair, compared);
  await makeEvidence(pair, compared);
  await pair.make('first_causes', firstCauses(pair, compared, definitions), 'causes');
  await makePersonEvidence(pair, sql`select conversion_id from first_causes where cause is null`);
  const isRebuilt = definitions.has('built') || definitions.has('sessions') || definitions.has('identity');
  const last: Cause = isNamedByCosts(pair, compared.query) ? 'costs' : isRebuilt ? 'definition' : 'other';
  await pair.make(
    CONVERSION_CAUSES,
    sql`
    select
      causes.conversion_id,
      case
        when causes.cause is not null then causes.cause
        when persons.is_moved then ${definitions.has('identity') ? 'definition' : 'identity'}
        when persons.is_changed then ${definitions.has('sessions') ? 'definition' : 'late_events'}
        else ${last}
      end as cause
    from first_causes as causes
    left join ${raw(OF_PERSONS)} as persons on persons.conversion_id = causes.conversion_id`,
    'causes',
  );
}

function firstCauses(pair: PublicationPair, { conversion, model }: Compared, definitions: ChangedDefinitions): Sql {
  const isRedefined = definitions.has('project') || definitions.has('conversion', conversion) || definitions.has('model', model);
  const isAfter = sql`subjects.conversion_time > ${param(pair.earlier.data_up_to ?? pair.earlier.published_at, 'TIMESTAMP')}`;
  return sql`
    select
      subjects.conversion_id,
      case
        when ${isRedefined} and not (subjects.is_new and ${isAfter}) then 'definition'
        when subjects.is_new then 'new'
        when subjects.is_deleted then 'deleted'
        when subjects.is_updated then 'updated'
        when subjects.is_other_head or subjects.is_head_updated then 'parent'
        when credited.is_moved then ${definitions.has('identity') ? 'definition' : 'identity'}
        when credited.is_changed then ${definitions.has('sessions') ? 'definition' : 'late_events'}
        when subjects.is_revalued then 'exchange_rates'
        when subjects.is_rescaled then 'normalisation'
        when ${versionDiffers(pair)} then 'model_version'
      end as cause
    from ${raw(SUBJECTS)} as subjects
    left join ${raw(CREDITED)} as credited on credited.conversion_id = subjects.conversion_id
    ${versions(pair, model)}`;
}

/** Fitted models alone have versions; a publication of an earlier version of the product knows none. */
function versions(pair: PublicationPair, model: string): Sql {
  if (!pair.hasTable(APPLIED_VERSIONS)) return raw('');
  const month = sql`${pair.dialect.dateTrunc(pair.dialect.localDate(raw('subjects.attribution_time'), pair.later.config.project.timeZone), 'MONTH')}`;
  const side = (name: 'earlier' | 'later') => sql`
    left join ${of(name, APPLIED_VERSIONS)} as ${raw(name)}_version
      on ${raw(name)}_version.model = ${model} and ${raw(name)}_version.conversion_name = subjects.subject_name
      and ${raw(name)}_version.month = ${month}`;
  return sql`${side('earlier')}${side('later')}`;
}

function versionDiffers(pair: PublicationPair): Sql {
  return pair.hasTable(APPLIED_VERSIONS) ? raw('earlier_version.version_hash is distinct from later_version.version_hash') : raw('false');
}
