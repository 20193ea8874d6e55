package main

import (
	"slices"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	for given, want := range map[string][]string{
		"":           {"W1-text", "W1-typed", "W2", "W3", "W4", "W5", "checkpoints", "dead-letters", "tables", "W6", "W6-postgres", "W6-kafka", "kafka-kafka", "nats-nats", "kafka-postgres", "stalled", "plan", "compile"},
		"W1":         {"W1-text", "W1-typed"},
		"W6, W2":     {"W6", "W6-postgres", "W6-kafka", "W2"},
		"W2,W2,W":    {"W2", "W1-text", "W1-typed", "W3", "W4", "W5", "W6", "W6-postgres", "W6-kafka"},
		"compile,W5": {"compile", "W5"},
		"costs":      {"costs"},
		"costs-hops": {"costs-hops"},
	} {
		got, err := choose(given)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %v (%v), want %v", given, got, err, want)
		}
	}
	if _, err := choose("W2,W9"); err == nil || !strings.Contains(err.Error(), `no workload "W9"; there are W1-text`) {
		t.Errorf("an unknown workload: %v", err)
	}
}

func TestParse(t *testing.T) {
	o, err := parse([]string{"-rounds", "5", "W2", "W3"})
	if err != nil || o.rounds != 5 || o.workloads != "W2,W3" || o.out != "README.md" {
		t.Errorf("got %+v (%v)", o, err)
	}
	for _, args := range [][]string{{"-rounds", "0"}, {"-size", "10"}, {"-span", "0s"}, {"-workloads", "W2", "W3"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}
