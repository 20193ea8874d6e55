package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/analyze"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/lock"
)

type componentsCmd struct {
	List    componentsListCmd    `cmd:"" help:"List the connectors that are built in, or the components that are pinned."`
	Show    componentsShowCmd    `cmd:"" help:"Show the config, the promises and the meta of a connector, or what a component says of itself."`
	Find    componentsFindCmd    `cmd:"" help:"Find public components of flowctl's, by event types or a word of the name."`
	Add     componentsAddCmd     `cmd:"" help:"Pin components in flowc.lock: what their references mean from now on."`
	Update  componentsUpdateCmd  `cmd:"" help:"Pin anew what references mean now, and tell what is different."`
	Remove  componentsRemoveCmd  `cmd:"" help:"Take components out of flowc.lock."`
	Tidy    componentsTidyCmd    `cmd:"" help:"Pin what the pipelines of a folder name, and nothing else."`
	Publish componentsPublishCmd `cmd:"" help:"Make an image of a component, without Docker, and push it to its registry."`
}

type componentsListCmd struct {
	Pinned bool   `help:"List what flowc.lock has."`
	Dir    string `help:"The folder of the pipelines, which has flowc.lock." default:"." placeholder:"DIR"`
}

// Run lists the built-in connectors, or the pinned components.
func (c *componentsListCmd) Run(a *app) error {
	if c.Pinned {
		return c.pinned(a)
	}
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
	Name     string `arg:"" help:"What use: names, such as kafka; a reference, org/name@v1 or go:example.com/mod/name@v1; or the path of a metadata.json."`
	Registry string `help:"Where references without a host are." placeholder:"REGISTRY"`
	Dir      string `help:"The folder of the pipelines, whose flowc.lock is asked first." default:"." placeholder:"DIR"`
}

// Run shows a connector, or a component.
func (c *componentsShowCmd) Run(a *app) error {
	if strings.HasSuffix(c.Name, ".json") || lock.IsReference(c.Name) || strings.ContainsAny(c.Name, "/:") { // no connector is called so
		return c.component(a)
	}
	all := analyze.Connectors()
	i := connectorAt(all, c.Name)
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

// connectorAt is where a list has a connector, -1 for nowhere.
func connectorAt(all []*analyze.Connector, name string) int {
	return slices.IndexFunc(all, func(known *analyze.Connector) bool { return known.Name == name })
}
