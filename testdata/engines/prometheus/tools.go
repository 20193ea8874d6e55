//go:build tools

// Package prometheus pins the Prometheus that the rigs run: its main package is built from
// this module. It is linked into nothing of flowc's.
package prometheus

import _ "github.com/prometheus/prometheus/cmd/prometheus"
