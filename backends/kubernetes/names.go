package kubernetes

import (
	"github.com/flowc-dev/flowc/backends/manifest"
)

// The lengths that names may have. The controllers put something behind them: a
// StatefulSet `-0` and a revision of eleven characters in a label, a CronJob the
// minute of a run.
const (
	maxName  = 52
	maxLabel = 63
)

// baseName is the name of the program's objects. Services must begin with a letter,
// and all objects have one name.
func baseName(pipeline string) string {
	name := manifest.Label(pipeline, maxName)
	if '0' <= name[0] && name[0] <= '9' {
		return "p" + manifest.Label(pipeline+"-", maxName-1)
	}
	return name
}

// named is a name that begins with that of the program.
func (b *builder) named(end string) string { return manifest.Label(b.name+"-"+end, maxLabel) }
