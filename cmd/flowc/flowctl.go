package main

import (
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
)

// The commands here have the names and flags that flowctl's have. Each does what
// a command of ours does, and says its name.

// called says what a command of flowctl's is called here.
func (a *app) called(format string, args ...any) {
	fmt.Fprintf(a.stderr, "flowc: here it is called `"+format+"`\n", args...)
}

// one is the file of a command that takes it by a flag or by its place.
func one(flag, arg string) (string, error) {
	if flag != "" && arg != "" {
		return "", usage(fmt.Errorf("there are two files, %s and %s: name one", flag, arg))
	}
	return flag + arg, nil
}

type validateCmd struct {
	File  string   `short:"f" help:"The pipeline." placeholder:"FILE"`
	Paths []string `arg:"" optional:"" help:"Pipelines."`
}

// Run is check.
func (c *validateCmd) Run(a *app) error {
	paths := c.Paths
	if c.File != "" {
		paths = append([]string{c.File}, paths...)
	}
	a.called("flowc check %s", strings.Join(paths, " "))
	return (&checkCmd{Paths: paths}).Run(a)
}

type translateCmd struct {
	File   string `short:"f" help:"The pipeline." placeholder:"FILE"`
	Path   string `arg:"" optional:"" help:"The pipeline."`
	Output string `short:"o" help:"The target: docker-compose, kubernetes, nomad or local." required:"" placeholder:"TARGET"`
	ToFile string `help:"The file to write; without, standard output." placeholder:"FILE"`
	Image  string `help:"The image that the deployment runs." placeholder:"REF"`
}

// Run is emit, to standard output or into one file.
func (c *translateCmd) Run(a *app) error {
	file, err := one(c.File, c.Path)
	if err != nil {
		return err
	}
	b, err := target(c.Output)
	if err != nil {
		return err
	}
	if isGo(b) {
		return usage(fmt.Errorf("translate writes docker-compose, kubernetes, nomad and local; `flowc emit %s --target %s -o DIR` writes %s", file, b.Name(), b.Name()))
	}
	a.called("flowc emit %s --target %s -o DIR", file, b.Name())
	r, err := pipelineArg{File: file, pins: true}.compile(a)
	if err != nil {
		return err
	}
	if err := a.checkFor(b, r); err != nil {
		return err
	}
	options := backends.Options(r.Program.Targets[b.Name()])
	l := layout(r.Program)
	l.Image = c.Image
	files, err := b.Emit(r.Program, options, l)
	if err != nil {
		return bug(err)
	}
	// A page for readers is no part of what is handed to the engine.
	files = slices.DeleteFunc(files, func(f backends.File) bool { return path.Ext(f.Path) == ".md" })
	if c.ToFile == "" {
		return a.answer(plural(len(files), "file"), translated(b, r.Program, files), func(w io.Writer) {
			for _, f := range files {
				if len(files) > 1 {
					fmt.Fprintf(w, "# %s\n", f.Path)
				}
				fmt.Fprint(w, string(f.Data))
			}
		})
	}
	if len(files) != 1 {
		var names []string
		for _, f := range files {
			names = append(names, f.Path)
		}
		return usage(fmt.Errorf("it takes %d files, %s: name a folder with `flowc emit %s --target %s -o DIR`", len(files), strings.Join(names, ", "), file, b.Name()))
	}
	if err := writeWhole(c.ToFile, files[0].Data); err != nil {
		return environment(err)
	}
	res := translated(b, r.Program, files)
	res.Files[0].Path = filepath.ToSlash(c.ToFile)
	return a.answer("wrote "+c.ToFile, res, func(w io.Writer) { fmt.Fprintln(w, "wrote", c.ToFile) })
}

type translateResult struct {
	Target string           `json:"target"`
	Files  []translatedFile `json:"files"`
	Needs  []string         `json:"needs,omitempty"`
}

type translatedFile struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

func translated(b backends.Backend, p *ir.Program, files []backends.File) translateResult {
	res := translateResult{Target: b.Name(), Needs: needs(b, p, backends.Options(p.Targets[b.Name()]))}
	for _, f := range files {
		res.Files = append(res.Files, translatedFile{Path: path.Clean(f.Path), Text: string(f.Data)})
	}
	return res
}

type processorsCmd struct {
	List processorsListCmd `cmd:"" help:"List components: flowc components find."`
	Find processorsFindCmd `cmd:"" help:"Find components by event types: flowc components find."`
}

type processorsListCmd struct{}

// Run lists the public components.
func (processorsListCmd) Run(a *app) error {
	a.called("flowc components find")
	return (&componentsFindCmd{}).Run(a)
}

type processorsFindCmd struct {
	Input  string `help:"An event type that it takes." placeholder:"TYPE"`
	Output string `help:"An event type that it gives." placeholder:"TYPE"`
}

// Run finds public processors.
func (c *processorsFindCmd) Run(a *app) error {
	words := "flowc components find --role processor"
	if c.Input != "" {
		words += " --takes " + c.Input
	}
	if c.Output != "" {
		words += " --gives " + c.Output
	}
	a.called("%s", words)
	return (&componentsFindCmd{Takes: c.Input, Gives: c.Output, Role: "processor"}).Run(a)
}

type componentsFindCmd struct {
	Word  string `arg:"" optional:"" help:"A word of its name."`
	Takes string `help:"An event type that it takes." placeholder:"TYPE"`
	Gives string `help:"An event type that it gives." placeholder:"TYPE"`
	Role  string `help:"What it is: ${enum}." enum:",source,processor,sink" default:"" placeholder:"ROLE"`
}

// Run finds public components of flowctl's, which run in processes of their own.
func (c *componentsFindCmd) Run(a *app) error {
	all := driver.PublicComponents()
	var types []string
	found := slices.DeleteFunc(slices.Clone(all), func(k driver.PublicComponent) bool {
		types = append(append(types, k.Takes...), k.Gives...)
		return !strings.Contains(k.Name, c.Word) || c.Role != "" && k.Role != c.Role ||
			c.Takes != "" && !slices.Contains(k.Takes, c.Takes) || c.Gives != "" && !slices.Contains(k.Gives, c.Gives)
	})
	for _, wanted := range []string{c.Takes, c.Gives} {
		if wanted == "" || slices.Contains(types, wanted) {
			continue
		}
		text := fmt.Sprintf("no public component knows the event type %q", wanted)
		if near := diag.Nearest(wanted, types); near != "" {
			text += fmt.Sprintf(": did you mean %q?", near)
		}
		return usage(errors.New(text))
	}
	return a.answer(plural(len(found), "component"), found, func(w io.Writer) {
		for _, k := range found {
			fmt.Fprintf(w, "%-26s %-10s %s\n", k.Name, k.Role, k.Says)
			for _, side := range []struct {
				word  string
				types []string
			}{{"takes", k.Takes}, {"gives", k.Gives}} {
				if len(side.types) > 0 {
					fmt.Fprintf(w, "  %s %s\n", side.word, strings.Join(side.types, ", "))
				}
			}
			for _, key := range k.Config {
				line := fmt.Sprintf("  config %s (%s)", key.Key, key.Env)
				if key.Example != "" {
					line += ", such as " + key.Example
				}
				fmt.Fprintln(w, line)
			}
		}
		if len(found) == 0 {
			fmt.Fprintln(w, "no public component does that")
		}
	})
}
