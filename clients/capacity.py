"""Runs a query of `twinpath m365 capacity --sql ENGINE` over CSV files of flow records, and prints its rows as JSON.

DuckDB is among the clients that the tests install. ClickHouse comes as `chdb`, Spark as `pyspark` with Java 17; both are large, so
whoever wants to try them installs them: `pip install chdb pyspark`.
"""

import json
import sys
import time

engine, query, *files = sys.argv[1:]
query = open(query).read().rstrip().rstrip(";")
begun = time.monotonic()


def duckdb():
    import duckdb

    database = duckdb.connect()
    # Addresses are text, as exporters write them.
    source = f"read_csv({files!r}, types={{'src': 'VARCHAR', 'dst': 'VARCHAR'}})"
    if files[0].endswith(".parquet"):
        source = f"read_parquet({files!r})"
    database.execute(f"CREATE VIEW flows AS SELECT * FROM {source}")
    rows = database.execute(query)
    names = [column[0] for column in rows.description]
    return [dict(zip(names, row)) for row in rows.fetchall()], duckdb.__version__


COLUMNS = ["src", "dst", "sport", "dport", "protocol", "bytes", "packets", "first_ms", "last_ms"]


def clickhouse():
    import chdb.session

    session = chdb.session.Session()
    kinds = ["String"] * 2 + ["Int32"] * 3 + ["Int64"] * 4
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(COLUMNS, kinds))
    session.query("CREATE DATABASE records ENGINE = Atomic")
    session.query("USE records")
    parts = " UNION ALL ".join(f"SELECT * FROM file('{file}', CSVWithNames, '{columns}')" for file in files)
    session.query(f"CREATE VIEW flows AS {parts}")
    lines = str(session.query(query, "JSONEachRow")).splitlines()
    rows = [json.loads(line) for line in lines if line]
    # Numbers of 64 bits come as text.
    whole = lambda name, value: value if name in ("site", "way", "class") else int(value)
    return [{name: whole(name, value) for name, value in row.items()} for row in rows], chdb.engine_version


def spark():
    import pyspark
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    session.conf.set("spark.sql.shuffle.partitions", "4")
    kinds = ["STRING"] * 2 + ["INT"] * 3 + ["BIGINT"] * 4
    schema = ", ".join(f"{name} {kind}" for name, kind in zip(COLUMNS, kinds))
    session.read.csv(files, header=True, schema=schema).createOrReplaceTempView("flows")
    return [row.asDict() for row in session.sql(query).collect()], pyspark.__version__


answer, version = {"duckdb": duckdb, "clickhouse": clickhouse, "spark": spark}[engine]()
print(json.dumps({"rows": answer, "seconds": time.monotonic() - begun, "version": version}))
