package build

import (
	"fmt"

	"github.com/flowc-dev/flowc/backends"
)

// profile is a file that has a program write a CPU profile to the file that the
// variable FLOWC_PROFILE names. It is a file beside the program and not a part of the
// runtime, because a program that is shipped is smaller without it.
func profile(l backends.Layout) backends.File {
	return backends.File{Path: "flowc_profile.go", Data: fmt.Appendf(nil, `// %s. DO NOT EDIT.

package %s

import (
	"fmt"
	"os"
	"runtime/pprof"

	%q
)

func init() {
	path := os.Getenv("FLOWC_PROFILE")
	if path == "" {
		return
	}
	f, err := os.Create(path)
	if err == nil {
		err = pprof.StartCPUProfile(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "FLOWC_PROFILE:", err)
		os.Exit(6)
	}
	program.OnExit(func() {
		pprof.StopCPUProfile()
		_ = f.Close()
	})
}
`, backends.Header, l.Package, l.Runtime()+"/program")}
}
