"""The tables of the sandbox CRM.

Things of the CRM are documents in the vendor's own shape; a column beside the document exists only
where something is looked up by it, and is computed by SQLite from the document, so the two cannot
disagree. Tokens and installations are plain rows.
"""

_DOCUMENTS = {
    "locations": {"company_id": "companyId"},
    "users": {"company_id": "companyId"},
    "contacts": {"email": "emailLowerCase", "phone": "phone", "business_id": "businessId"},
    "notes": {"contact_id": "contactId"},
    "tasks": {"contact_id": "contactId"},
    "businesses": {},
    "tags": {"name": "name"},
    "contact_fields": {"field_key": "fieldKey"},
    "custom_values": {"name": "name"},
    "object_schemas": {"key": "key"},
    "object_fields": {"object_key": "objectKey", "field_key": "fieldKey"},
    "field_folders": {"object_key": "objectKey"},
    "records": {"object_key": "objectKey"},
    "associations": {"key": "key"},
    "relations": {
        "association_id": "associationId",
        "first_id": "firstRecordId",
        "second_id": "secondRecordId",
    },
    "workflows": {},
    "workflow_entries": {"contact_id": "contactId", "workflow_id": "workflowId"},
    "custom_menus": {},
    "charges": {"event_id": "eventId"},
    "conversations": {"contact_id": "contactId"},
    "messages": {"contact_id": "contactId", "conversation_id": "conversationId"},
    "trigger_firings": {},
}

_ROWS = """
CREATE TABLE IF NOT EXISTS installations (
  company_id TEXT NOT NULL,
  location_id TEXT NOT NULL DEFAULT '',   -- empty: the installation of the agency itself
  scope TEXT NOT NULL,
  plan_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  installed_at TEXT NOT NULL,
  PRIMARY KEY (company_id, location_id)
);
CREATE TABLE IF NOT EXISTS codes (
  code TEXT PRIMARY KEY,
  company_id TEXT NOT NULL,
  location_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  user_id TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  expires_at REAL NOT NULL,
  used INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS tokens (
  access TEXT PRIMARY KEY,
  refresh TEXT NOT NULL UNIQUE,
  company_id TEXT NOT NULL,
  location_id TEXT NOT NULL,
  scope TEXT NOT NULL,
  user_id TEXT NOT NULL,
  expires_at REAL NOT NULL,
  refresh_expires_at REAL NOT NULL,
  rotated_at REAL,                        -- when the refresh token was used
  successor TEXT                          -- the access token that came of it
);
CREATE TABLE IF NOT EXISTS search_index (
  kind TEXT NOT NULL, id TEXT NOT NULL, location_id TEXT NOT NULL, doc TEXT NOT NULL,
  PRIMARY KEY (kind, id)
);
CREATE INDEX IF NOT EXISTS search_index_of ON search_index (kind, location_id);
CREATE TABLE IF NOT EXISTS search_pending (
  seq INTEGER PRIMARY KEY, visible_at REAL NOT NULL,
  kind TEXT NOT NULL, id TEXT NOT NULL, location_id TEXT NOT NULL, doc TEXT   -- null: deleted
);
"""


def _documents(table: str, columns: dict[str, str]) -> str:
    computed = "".join(
        f", {column} TEXT GENERATED ALWAYS AS (json_extract(doc, '$.{key}')) VIRTUAL"
        for column, key in columns.items()
    )
    indexes = "".join(
        f"CREATE INDEX IF NOT EXISTS {table}_{column} ON {table} (location_id, {column});\n"
        for column in columns
    )
    return (
        f"CREATE TABLE IF NOT EXISTS {table} (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
        f" location_id TEXT NOT NULL, doc TEXT NOT NULL{computed});\n{indexes}"
        f"CREATE INDEX IF NOT EXISTS {table}_of ON {table} (location_id);\n"
    )


SCHEMA = "".join(_documents(table, columns) for table, columns in _DOCUMENTS.items()) + _ROWS
