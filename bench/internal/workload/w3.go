package workload

import (
	"path/filepath"

	"github.com/flowc-dev/flowc/bench/internal/data"
	"github.com/flowc-dev/flowc/bench/internal/measure"
)

func w3() Workload {
	return Workload{
		ID: "W3", Title: "three sinks by event type with a filter each, events of 227 B",
		Events: entries, Input: ledger, InputName: "ledger", Reference: structural,
		Goal:     "flowc ≥ 0.85, 2 cores ≥ 1.6 × 1, RSS ≤ 20 MB; ≥ 4 × DuckDB, 2.5 × sonic, 5 × encoding/json/v2, 10 × naive",
		Outputs:  []string{"payments.ndjson", "trades.ndjson", "transfers.ndjson"},
		Expected: func(input string, _ int, outputs []string) error { return data.W3(input, outputs) },
		Contenders: append([]Contender{
			program(structural, "structural", "W3"),
			program(earlystop, "earlystop", "W3"),
			program(sonic, "sonic", "W3"),
			duckdb("w3"),
			program(jsonv2, "jsonv2", "W3", v2env),
			slow(program(naive, "naive", "W3")),
			jq(func(path, scripts string, j Job) measure.Command {
				const split = `"$1" -r -f "$2" "$3" | awk -F '\t' -v payment="$4" -v trade="$5" -v transfer="$6" '
					BEGIN { file["payment"] = payment; file["trade"] = trade; file["transfer"] = transfer }
					{ print $2 > file[$1] }'`
				argv := []string{"sh", "-c", split, "sh", path, filepath.Join(scripts, "w3.jq"), j.Input}
				return measure.Command{Argv: append(argv, j.Outputs...)}
			}),
			miller(func(path, scripts string, j Job) measure.Command {
				return measure.Command{
					Argv: []string{path, "--ijsonl", "--ojsonl", "put", "-q", "-f", filepath.Join(scripts, "w3.mlr"), j.Input},
					Env:  []string{"OUTPUT1=" + j.Outputs[0], "OUTPUT2=" + j.Outputs[1], "OUTPUT3=" + j.Outputs[2]},
				}
			}),
		}, validations("w3", []string{"ledger.config.path", "payments.config.path", "trades.config.path", "transfers.config.path"})...),
	}
}
