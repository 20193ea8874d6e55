// DuckDB does a workload: node query.mjs FILE.sql INPUT OUTPUT...
//
// In the SQL, $input and $output1, $output2, … stand for the files. DuckDB gets as
// many threads as GOMAXPROCS says, like the contenders in Go.
import { readFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";

const [sql, input, ...outputs] = process.argv.slice(2);
const quoted = (path) => `'${path.replaceAll("'", "''")}'`;
const script = readFileSync(sql, "utf8")
  .replaceAll("$input", quoted(input))
  .replace(/\$output(\d)/g, (_, n) => quoted(outputs[n - 1]));

const instance = await DuckDBInstance.create(":memory:", { threads: process.env.GOMAXPROCS ?? "1" });
const connection = await instance.connect();
await connection.run(script);
