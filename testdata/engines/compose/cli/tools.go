//go:build tools

// Package cli pins Docker Compose, so that the tests of a real engine build it from
// source. It is not installed by `go install` because its go.mod excludes modules.
package cli

import _ "github.com/docker/compose/v2/cmd"
