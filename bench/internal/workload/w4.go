package workload

import (
	"path/filepath"

	"github.com/flowc-dev/flowc/bench/internal/data"
	"github.com/flowc-dev/flowc/bench/internal/measure"
)

func w4() Workload {
	return Workload{
		ID: "W4", Title: "sum and count by asset and minute of event time, events of 227 B",
		Events: entries, Input: ledger, InputName: "ledger", Outputs: []string{"totals.ndjson"}, Reference: structural,
		Goal:     "flowc ≥ 2 × DuckDB, 2.5 × sonic, 5 × encoding/json/v2, 10 × naive",
		Expected: func(input string, _ int, outputs []string) error { return data.W4(input, outputs[0]) },
		Contenders: []Contender{
			program(structural, "structural", "W4"),
			program(earlystop, "earlystop", "W4"),
			program(sonic, "sonic", "W4"),
			unordered(duckdb("w4")),
			program(jsonv2, "jsonv2", "W4", v2env),
			slow(program(naive, "naive", "W4")),
			unordered(jq(func(path, scripts string, j Job) measure.Command {
				return measure.Command{Argv: []string{path, "-n", "-c", "-f", filepath.Join(scripts, "w4.jq"), j.Input}, Stdout: j.Outputs[0]}
			})),
			unordered(miller(func(path, _ string, j Job) measure.Command {
				return measure.Command{Argv: []string{
					path, "--ijsonl", "--ojsonl",
					"put", `$amount = float($amount); $minute = sub($at, ":[0-9.]*Z$", ":00Z")`,
					"then", "stats1", "-a", "count,sum", "-f", "amount", "-g", "asset,minute",
					"then", "rename", "amount_count,count,amount_sum,sum", j.Input,
				}, Stdout: j.Outputs[0]}
			})),
			absent("flowc", "flowc does not aggregate yet"),
		},
	}
}
