package workload

import (
	"path/filepath"

	"github.com/flowc-dev/flowc/bench/internal/data"
	"github.com/flowc-dev/flowc/bench/internal/measure"
)

func w2() Workload {
	return Workload{
		ID: "W2", Title: "filter type = payment and amount > 100, project 5 fields and one computed, events of 1 KB with 14 fields",
		Events: kilobytes, Input: payments, InputName: "payments", Outputs: []string{"out.ndjson"}, Reference: structural,
		Goal:     "flowc ≥ 0.85, 2 cores ≥ 1.6 × 1, RSS ≤ 20 MB; ≥ 1.3 × DuckDB, 1.7 × sonic, 5 × encoding/json/v2, 10 × naive",
		Expected: func(input string, _ int, outputs []string) error { return data.W2(input, outputs[0]) },
		Contenders: append(append([]Contender{
			program(structural, "structural", "W2"),
			program("hand-written scanner, walks, learns no key order", "structural", "W2-unlearned"),
			program(earlystop, "earlystop", "W2"),
			program(sonic, "sonic", "W2"),
			duckdb("w2"),
			program(jsonv2, "jsonv2", "W2", v2env),
			slow(program(naive, "naive", "W2")),
			jq(func(path, scripts string, j Job) measure.Command {
				return measure.Command{Argv: []string{path, "-c", "-f", filepath.Join(scripts, "w2.jq"), j.Input}, Stdout: j.Outputs[0]}
			}),
			miller(func(path, _ string, j Job) measure.Command {
				return measure.Command{Argv: []string{
					path, "--ijsonl", "--ojsonl",
					"filter", `$type == "payment" && float($amount) > 100`,
					"then", "put", `$fee = float($amount) * 0.0025`,
					"then", "cut", "-o", "-f", "id,at,account,counterparty,amount,fee", j.Input,
				}, Stdout: j.Outputs[0]}
			}),
		}, validations("w2", inOut)...),
			pipeline("flowc, without acks", "w2", inOut, "at-most-once"),
			pipeline("flowc, /metrics served", "w2", inOut, "metrics"),
		),
	}
}
