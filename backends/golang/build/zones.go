package build

import (
	"fmt"

	"github.com/flowc-dev/flowc/backends"
)

// zones is a file that has a package carry the time zones, half a megabyte. The
// tag timetzdata would do so too, but a tag has all of the standard library
// compiled once more, and takes the place of the user's own tags.
func zones(pkg string) backends.File {
	return backends.File{Path: "flowc_zones.go", Data: fmt.Appendf(nil, "// %s. DO NOT EDIT.\n\npackage %s\n\n// Where it runs there are no time zones.\nimport (\n\t_ \"time\"\n\t_ \"time/tzdata\"\n)\n", backends.Header, pkg)}
}
