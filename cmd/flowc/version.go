package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// stamped is set by the linker for releases.
var stamped = ""

// version is flowc's version: what the linker said, else the module's version
// where it was installed as one, else "". A build of a working copy has no sum,
// and a version that says more about the copy than about flowc.
func version() string {
	if stamped != "" {
		return stamped
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Sum != "" {
		return info.Main.Version
	}
	return ""
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(a *app) error {
	v := version()
	if v == "" {
		v = "devel"
	}
	res := map[string]string{"version": v, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH}
	return a.answer("flowc "+v, res, func(w io.Writer) {
		fmt.Fprintf(w, "flowc %s (%s, %s/%s)\n", v, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	})
}
