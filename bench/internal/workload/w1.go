package workload

import (
	"os"

	"github.com/flowc-dev/flowc/bench/internal/measure"
)

func w1Text() Workload {
	return Workload{
		ID: "W1-text", Title: "NDJSON file to file as text, events of 1 KB",
		Events: kilobytes, Input: payments, InputName: "payments", Expected: same,
		Outputs: []string{"out.ndjson"}, Reference: "cp",
		Goal: "flowc ≥ 0.69 (1.45 × cp's CPU), 2 cores ≥ 1.6 × 1, RSS ≤ 20 MB",
		Contenders: []Contender{
			tool("cp", "cp", "", func(path, _ string, j Job) measure.Command {
				return measure.Command{Argv: []string{path, j.Input, j.Outputs[0]}}
			}),
			tool("cat", "cat", "", func(path, _ string, j Job) measure.Command {
				return measure.Command{Argv: []string{path, j.Input}, Stdout: j.Outputs[0]}
			}),
			program("hand-written, counts the lines", "structural", "W1-text"),
			program(naive, "naive", "W1-text"),
			pipeline("flowc", "w1-text", inOut),
		},
	}
}

func w1Typed() Workload {
	return Workload{
		ID: "W1-typed", Title: "NDJSON file to file with types, nothing changed, events of 1 KB",
		Events: kilobytes, Input: payments, InputName: "payments", Expected: same,
		Outputs: []string{"out.ndjson"}, Reference: structural,
		Goal: "flowc ≥ 0.85, 2 cores ≥ 1.6 × 1, RSS ≤ 20 MB",
		Contenders: append([]Contender{
			program(structural, "structural", "W1-typed"),
			program("bytedance/sonic, validity alone", "sonic", "W1-typed"),
			program("encoding/json/v2, validity alone", "jsonv2", "W1-typed", v2env),
			slow(program(naive, "naive", "W1-typed")),
		}, validations("w1-typed", inOut)...),
	}
}

var inOut = []string{"events.config.path", "out.config.path"}

// same is the expected result of a copy.
func same(input string, _ int, outputs []string) error {
	return os.Symlink(input, outputs[0])
}
