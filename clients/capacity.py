"""Runs a query of `twinpath m365 capacity --sql duckdb` over CSV files of flow records, and prints its rows as JSON."""

import json
import sys
import time

import duckdb

query, *files = sys.argv[1:]
begun = time.monotonic()
database = duckdb.connect()
# Addresses are text, as exporters write them.
database.execute(f"CREATE VIEW flows AS SELECT * FROM read_csv({files!r}, types={{'src': 'VARCHAR', 'dst': 'VARCHAR'}})")
rows = database.execute(open(query).read())
names = [column[0] for column in rows.description]
answer = [dict(zip(names, row)) for row in rows.fetchall()]
print(json.dumps({"rows": answer, "seconds": time.monotonic() - begun, "version": duckdb.__version__}))
