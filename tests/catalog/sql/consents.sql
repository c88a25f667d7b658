-- add_consent
INSERT INTO consents (uuid, person_id, purposes, sealed) VALUES (?, ?, ?, ?) RETURNING id;

-- add_event
INSERT INTO consent_events (consent_id, number, state, at, valid_until, party, sealed) VALUES (?, ?, ?, ?, ?, ?, ?);

-- find_consents
SELECT consents.id, consents.uuid, consents.person_id, consents.purposes, CAST(consents.sealed AS BLOB) AS sealed, people.uuid AS person_uuid, people.of_age_at, consent_events.number, consent_events.at, consent_events.valid_until, CAST(consent_events.state AS VARCHAR) AS state, CAST(consent_events.party AS VARCHAR) AS party, CAST(consent_events.sealed AS BLOB) AS event_sealed
FROM consents JOIN people ON people.id = consents.person_id LEFT OUTER JOIN consent_events ON consents.id = consent_events.consent_id
WHERE consents.person_id IN (?) ORDER BY consents.id, consent_events.number;

-- get_consent
SELECT consents.id, consents.uuid, consents.person_id, consents.purposes, CAST(consents.sealed AS BLOB) AS sealed, people.uuid AS person_uuid, people.of_age_at, consent_events.number, consent_events.at, consent_events.valid_until, CAST(consent_events.state AS VARCHAR) AS state, CAST(consent_events.party AS VARCHAR) AS party, CAST(consent_events.sealed AS BLOB) AS event_sealed
FROM consents JOIN people ON people.id = consents.person_id LEFT OUTER JOIN consent_events ON consents.id = consent_events.consent_id
WHERE consents.uuid = ? ORDER BY consents.id, consent_events.number;

-- iter_consents
SELECT consents.id, consents.uuid, consents.person_id, consents.purposes, CAST(consents.sealed AS BLOB) AS sealed, people.uuid AS person_uuid, people.of_age_at, consent_events.number, consent_events.at, consent_events.valid_until, CAST(consent_events.state AS VARCHAR) AS state, CAST(consent_events.party AS VARCHAR) AS party, CAST(consent_events.sealed AS BLOB) AS event_sealed
FROM consents JOIN people ON people.id = consents.person_id LEFT OUTER JOIN consent_events ON consents.id = consent_events.consent_id ORDER BY consents.id, consent_events.number;
