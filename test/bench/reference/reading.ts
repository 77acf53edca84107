/** The bare aggregates that a report of sessions by channel comes down to, in SQL of DuckDB. */
export const SESSIONS_BY_CHANNEL = 'select channel, count(*) as sessions from report_sessions group by channel';
export const USERS_BY_CHANNEL = 'select channel, count(distinct person_key) as users from report_sessions group by channel';
