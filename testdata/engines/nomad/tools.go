//go:build tools

// Package nomad pins the Nomad that the rig runs: its main package is built from
// this module. It is linked into nothing of flowc's.
package nomad

import _ "github.com/hashicorp/nomad"
