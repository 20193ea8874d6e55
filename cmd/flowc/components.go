package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/analyze"
	"github.com/flowc-dev/flowc/ir/diag"
)

type componentsCmd struct {
	List componentsListCmd `cmd:"" help:"List the connectors that are built in."`
	Show componentsShowCmd `cmd:"" help:"Show the config, the promises and the meta of a connector."`
	Find componentsFindCmd `cmd:"" help:"Find public components of flowctl's, by event types or a word of the name."`
}

type componentsListCmd struct{}

// Run lists the built-in connectors.
func (componentsListCmd) Run(a *app) error {
	all := analyze.Connectors()
	return a.answer(fmt.Sprintf("%d connectors", len(all)), all, func(w io.Writer) {
		for _, c := range all {
			fmt.Fprintf(w, "%-9s %-12s %s\n", c.Name, sides(c), c.Summary)
		}
	})
}

func sides(c *analyze.Connector) string {
	var is []string
	if c.Source != nil {
		is = append(is, "source")
	}
	if c.Sink != nil {
		is = append(is, "sink")
	}
	return strings.Join(is, ", ")
}

type componentsShowCmd struct {
	Name string `arg:"" help:"What use: names, such as kafka."`
}

// Run shows a connector.
func (c *componentsShowCmd) Run(a *app) error {
	all := analyze.Connectors()
	i := slices.IndexFunc(all, func(known *analyze.Connector) bool { return known.Name == c.Name })
	if i < 0 {
		var names []string
		for _, known := range all {
			names = append(names, known.Name)
		}
		hint := ""
		if near := diag.Nearest(c.Name, names); near != "" {
			hint = fmt.Sprintf("; did you mean %s?", near)
		}
		return usage(fmt.Errorf("no connector is called %q%s (they are %s)", c.Name, hint, strings.Join(names, ", ")))
	}
	var text strings.Builder
	if err := all[i].Text(&text); err != nil {
		return bug(err)
	}
	return a.answer(all[i].Summary, all[i], func(w io.Writer) { fmt.Fprint(w, text.String()) })
}
