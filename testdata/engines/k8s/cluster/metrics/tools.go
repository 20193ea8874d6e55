//go:build tools

// Package metrics names the metrics server of the cluster, so that its modules stay in
// go.mod: it is built to be run, and linked into nothing.
package metrics

import _ "sigs.k8s.io/metrics-server/cmd/metrics-server"
