-- Grain: credential that stands above, or beside, a session at hand and was not looked up yet.
-- reads: fresh_sessions, known_credentials
select credential
from (
    select parent_credential as credential from fresh_sessions where parent_credential not in ('', credential)
    union
    select credential from fresh_sessions where credential <> ''
)
anti join known_credentials using (credential)
where not starts_with(credential, 'AKIA')
