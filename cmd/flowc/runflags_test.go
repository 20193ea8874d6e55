package main

import (
	"strings"
	"testing"
)

func TestFlagsForProgram(t *testing.T) {
	for given, want := range map[string]string{
		"run p.yaml":             "run p.yaml",
		"run p.yaml --scale a=3": "run --scale a=3 p.yaml",
		"run p.yaml --fresh --env prod --set a.b=1": "run --env prod p.yaml --fresh --set a.b=1",
		"run --fresh p.yaml --env=prod":             "run --env=prod -- --fresh p.yaml",
		"run --set --env p.yaml":                    "run -- --set --env p.yaml",
		"run p.yaml -- --env prod":                  "run p.yaml -- --env prod",
		"run --help":                                "run --help",
		"run p.yaml --help":                         "run p.yaml --help",
		"run - --all -t local":                      "run --all -t local -",
		"run --env":                                 "run --env",
		"build p.yaml --env prod":                   "build p.yaml --env prod",
		"":                                          "",
	} {
		if got := strings.Join(forProgram(strings.Fields(given)), " "); got != want {
			t.Errorf("%s becomes %s, and not %s", given, got, want)
		}
	}
}
