-- Schema 4: the model registry and its webhooks.
--
-- Why so:
-- * registered_model.last_version gives version numbers: it only rises, so no number is given twice, though a deleted version leaves
--   no row behind. Everything that changes a model's parts raises registered_model.changes first, which makes such changes wait for each other.
-- * model_version.change is that number at the version's last update: it tells the later of two updates in one millisecond.
-- * model_alias does not refer to model_version: the alias of a deleted version is not shown, and says "not found" when it is followed.
-- * model_version.location is where source led when the version was registered (models:/ID leads to a logged model's place).
-- * webhook_delivery is written in the transaction of the change it tells of. What waits is found by due_at; a server that sends one
--   first moves due_at on, so that another server, or this one after a kill, takes it up again only later.
-- * webhook.secret is in clear text: signing needs it.

CREATE TABLE registered_model (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    last_version INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);

CREATE TABLE registered_model_tag (
    model_id INTEGER NOT NULL REFERENCES registered_model (id),
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model_id, key)
) WITHOUT ROWID;

CREATE TABLE model_version (
    model_id INTEGER NOT NULL REFERENCES registered_model (id),
    version INTEGER NOT NULL,
    source TEXT NOT NULL,
    location TEXT NOT NULL,
    run_uuid TEXT,
    run_link TEXT,
    logged_model TEXT,
    description TEXT,
    stage INTEGER NOT NULL,
    change INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (model_id, version)
);
CREATE INDEX model_version_by_stage ON model_version (model_id, stage, version);
CREATE INDEX model_version_by_update ON model_version (updated_at);
CREATE INDEX model_version_by_run ON model_version (run_uuid);

CREATE TABLE model_version_tag (
    model_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (model_id, version, key),
    FOREIGN KEY (model_id, version) REFERENCES model_version (model_id, version)
) WITHOUT ROWID;

CREATE TABLE model_alias (
    model_id INTEGER NOT NULL REFERENCES registered_model (id),
    alias TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (model_id, alias)
) WITHOUT ROWID;

CREATE TABLE webhook (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    description TEXT,
    url TEXT NOT NULL,
    secret TEXT,
    status INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE webhook_event (
    webhook_id TEXT NOT NULL REFERENCES webhook (id),
    event TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (webhook_id, event)
) WITHOUT ROWID;
CREATE INDEX webhook_by_event ON webhook_event (event);

CREATE TABLE webhook_delivery (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    webhook_id TEXT NOT NULL REFERENCES webhook (id),
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    state INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    due_at INTEGER,   -- NULL once it is delivered or given up
    tried_at INTEGER,
    http_status INTEGER,
    error TEXT
);
CREATE INDEX webhook_delivery_by_due ON webhook_delivery (due_at);
CREATE INDEX webhook_delivery_by_webhook ON webhook_delivery (webhook_id, number);
