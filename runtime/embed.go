// Package runtime carries the source of the runtime inside the compiler, so
// that the two are never of different versions: generated programs take along
// a copy of the packages that they use. The packages themselves are below.
package runtime

import "embed"

// Source is the runtime's source, tests included; what emits it leaves those
// out.
//
//go:embed broker codec connect control decimal flow fresh jobs parts program proto sandbox shares supervise
var Source embed.FS
