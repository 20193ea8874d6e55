//go:build tools

// Package nomadautoscaler pins the autoscaler of Nomad's that the rig runs: its main
// package is built from this module. It is linked into nothing of flowc's.
package nomadautoscaler

import _ "github.com/hashicorp/nomad-autoscaler"
