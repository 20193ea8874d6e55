package main

import (
	"bytes"
	"strings"
	"testing"
)

// A target that is spelled wrongly is named, by whichever command; so is an alias.
func TestNearTarget(t *testing.T) {
	for given, near := range map[string]string{"kubernets": "kubernetes", "k8": "k8s", "nomda": "nomad", "docker-compos": "docker-compose", "loacl": "local"} {
		for _, args := range [][]string{{"emit", "x.yaml", "-o", "out"}, {"status", "orders"}, {"run", "x.yaml"}} {
			var out, errs bytes.Buffer
			if code := run(append(args, "--target", given), nil, &out, &errs); code != exitUsage || !strings.Contains(errs.String(), `no target "`+given+`": did you mean "`+near+`"? There are go, `) {
				t.Errorf("%q: exit code %d: %s", args, code, &errs)
			}
		}
	}
	var out, errs bytes.Buffer
	if code := run([]string{"status", "orders", "-t", "mainframe"}, nil, &out, &errs); code != exitUsage || strings.Contains(errs.String(), "did you mean") {
		t.Errorf("exit code %d: %s", code, &errs)
	}
}
