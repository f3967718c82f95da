-- The first schema. Times are nanoseconds since 1970-01-01 UTC; documents are JSON text, so that their keys keep their order.

CREATE TABLE store (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  schema INTEGER NOT NULL,
  -- The newest revision that was given out, and the one below which none is of this life of the store.
  revision INTEGER NOT NULL,
  floor INTEGER NOT NULL
) STRICT;
INSERT INTO store VALUES (1, 1, 0, 0);

CREATE TABLE resources (
  key TEXT NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  kind TEXT NOT NULL,
  parent TEXT,
  subscription TEXT NOT NULL,
  grp TEXT NOT NULL,
  revision INTEGER NOT NULL,
  etag TEXT NOT NULL,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  document TEXT NOT NULL,
  secrets TEXT
) STRICT;
CREATE INDEX resources_of_kind ON resources (kind, subscription, grp, key);
CREATE INDEX resources_of_parent ON resources (parent, key) WHERE parent IS NOT NULL;
CREATE INDEX resources_of_subscription ON resources (subscription, grp, key);

CREATE TABLE claims (
  key TEXT NOT NULL PRIMARY KEY,
  holder TEXT NOT NULL
) STRICT;
CREATE INDEX claims_of_holder ON claims (holder);

CREATE TABLE operations (
  id TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  subscription TEXT NOT NULL,
  resource TEXT NOT NULL,
  kind TEXT NOT NULL,
  step INTEGER NOT NULL,
  undoing INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('InProgress', 'Succeeded', 'Failed', 'Canceled')),
  due INTEGER NOT NULL,
  leased_until INTEGER,
  edge TEXT,
  input TEXT NOT NULL,
  result TEXT,
  error TEXT,
  created INTEGER NOT NULL,
  ended INTEGER
) STRICT;
CREATE INDEX operations_due ON operations (due) WHERE state = 'InProgress' AND edge IS NULL;
CREATE INDEX operations_asked ON operations (edge) WHERE state = 'InProgress' AND edge IS NOT NULL;
CREATE INDEX operations_running ON operations (resource) WHERE state = 'InProgress';
CREATE INDEX operations_ended ON operations (ended) WHERE ended IS NOT NULL;

-- An intent that was taken back stays, without a body, so that its edge learns of it.
CREATE TABLE intents (
  edge TEXT NOT NULL,
  key TEXT NOT NULL,
  revision INTEGER NOT NULL,
  body TEXT,
  secrets TEXT,
  PRIMARY KEY (edge, key)
) STRICT;
CREATE UNIQUE INDEX intents_in_order ON intents (edge, revision);
CREATE INDEX intents_of_key ON intents (key);

CREATE TABLE reports (
  edge TEXT NOT NULL,
  key TEXT NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (edge, key)
) STRICT;

CREATE TABLE samples (
  key TEXT NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (key, at)
) STRICT;
CREATE INDEX samples_by_age ON samples (at);

CREATE TABLE audit (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  request TEXT NOT NULL,
  key TEXT NOT NULL,
  was TEXT,
  became TEXT
) STRICT;
CREATE INDEX audit_of_key ON audit (key, number);
