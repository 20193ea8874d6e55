//go:build tools

// Package keda names what scales a workload by what waits for it, so that its module
// stays in go.mod: it is linked into nothing.
package keda

import (
	_ "github.com/kedacore/keda/v2/cmd/adapter"
	_ "github.com/kedacore/keda/v2/cmd/operator"
	_ "github.com/kedacore/keda/v2/cmd/webhooks"
)
