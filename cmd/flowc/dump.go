package main

import (
	"fmt"
	"io"

	"github.com/flowc-dev/flowc/ir"
)

type dumpCmd struct {
	pipelineArg `embed:""`
	After       string `help:"Print the program as it is after this pass; lower is before all, without it after all." placeholder:"PASS"`
	Spans       bool   `help:"Print where each part stands in the file."`
}

// Run prints the IR.
func (c *dumpCmd) Run(a *app) error {
	r, err := c.compileUpTo(a, c.After)
	if err != nil {
		return err
	}
	var options []ir.Option
	if c.Spans {
		options = append(options, ir.WithSpans)
	}
	text := ir.Print(r.Program, options...)
	return a.answer("the program of "+r.Program.Name, map[string]string{"after": c.After, "ir": text}, func(w io.Writer) { fmt.Fprint(w, text) })
}
