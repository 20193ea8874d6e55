package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/backends/oci"
)

type sbomCmd struct {
	pipelineArg `embed:""`
	Output      string `short:"o" help:"Write it to a file." placeholder:"FILE"`
	GOOS        string `name:"goos" help:"Of the program for another operating system." placeholder:"OS"`
	GOARCH      string `name:"goarch" help:"Of the program for another architecture." placeholder:"ARCH"`
}

// Run builds the program that `flowc build` would, and prints what is in it, and in the
// components that are put beside it.
func (c *sbomCmd) Run(a *app) error {
	r, err := c.compile(a)
	if err != nil {
		return err
	}
	platform := oci.Platform{OS: c.GOOS, Arch: c.GOARCH}
	if platform.OS == "" {
		platform.OS = runtime.GOOS
	}
	if platform.Arch == "" {
		platform.Arch = runtime.GOARCH
	}
	program, err := a.program(r, platform, build.Request{})
	if err != nil {
		return err
	}
	if program.Files, err = a.broughtFiles(r, platform); err != nil {
		return err
	}
	bill, err := imageSpec(r).SBOM(program, false)
	if err != nil {
		return bug(err)
	}
	if c.Output != "" {
		if err := os.WriteFile(c.Output, bill, 0o644); err != nil { //nolint:gosec // for whoever audits it
			return environment(err)
		}
		return a.answer("wrote "+c.Output, map[string]string{"file": c.Output, "format": "CycloneDX 1.6"}, func(w io.Writer) {
			fmt.Fprintf(w, "%s  CycloneDX 1.6, of %s for %s\n", c.Output, r.Program.Name, platform)
		})
	}
	return a.answer("the bill of materials of "+r.Program.Name, json.RawMessage(bill), func(w io.Writer) { _, _ = w.Write(bill) })
}
