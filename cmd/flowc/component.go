package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/runtime/component/judge"
)

// componentCmd is `flowc component`.
type componentCmd struct {
	Test componentTestCmd `cmd:"" help:"Hold a component in any language against what pipelines need of it."`
}

// componentTestCmd is `flowc component test`.
type componentTestCmd struct {
	Command  []string      `arg:"" optional:"" passthrough:"partial" help:"The program of the component, and its arguments." placeholder:"BINARY"`
	Endpoint string        `help:"One that runs already, in the place of a program: it is not ended." placeholder:"HOST:PORT"`
	Env      []string      `help:"A variable of the component's, NAME=value; may be repeated." placeholder:"NAME=VALUE" sep:"none"`
	Events   string        `help:"A file with payloads that the component knows, one a line; without it they are small JSON." placeholder:"FILE"`
	Type     string        `help:"The type of these events; without it the first that the component takes." placeholder:"TYPE"`
	Patience time.Duration `help:"How long the component may take for anything." default:"10s"`
	JSON     bool          `name:"json" help:"Print the report as JSON."`
	Quiet    bool          `help:"Leave out what the component prints."`
}

// Run judges the component; it ends with 4 where a check has failed.
func (c *componentTestCmd) Run(a *app) error {
	t := judge.Target{Command: c.Command, Endpoint: c.Endpoint, Env: c.Env, Type: c.Type, Patience: c.Patience, Log: a.stderr}
	switch {
	case len(c.Command) == 0 && c.Endpoint == "":
		return usage(errors.New("which component? name its program (`flowc component test ./program --flag`), or where it runs (`--endpoint HOST:PORT`)"))
	case len(c.Command) > 0 && c.Endpoint != "":
		return usage(errors.New("a program to start, and an --endpoint where one runs already: name one of them"))
	case c.Patience <= 0:
		return usage(fmt.Errorf("--patience is %s: it must be more than nothing", c.Patience))
	}
	for _, e := range c.Env {
		if name, _, ok := strings.Cut(e, "="); !ok || name == "" {
			return usage(fmt.Errorf("--env %q: write NAME=value", e))
		}
	}
	if c.Quiet {
		t.Log = io.Discard
	}
	if c.Events != "" {
		data, err := os.ReadFile(c.Events)
		if err != nil {
			return environment(fmt.Errorf("--events: %w", err))
		}
		for line := range bytes.Lines(data) {
			if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 {
				t.Payloads = append(t.Payloads, line)
			}
		}
		if len(t.Payloads) == 0 {
			return usage(fmt.Errorf("--events: %s has no line", c.Events))
		}
	}
	report, err := judge.Run(a.ctx, t)
	if err != nil {
		return environment(err)
	}
	if c.JSON {
		out := json.NewEncoder(a.stdout)
		out.SetIndent("", "  ")
		err = out.Encode(report)
	} else {
		err = printReport(a.stdout, report)
	}
	if err == nil && report.Failed() > 0 {
		return exit(exitTest)
	}
	return err
}

// printReport prints a table: a line a check, and below it what to do where it has failed.
func printReport(w io.Writer, r *judge.Report) error {
	var b strings.Builder
	counts := map[judge.Verdict]int{}
	for _, one := range r.Results {
		counts[one.Verdict]++
		fmt.Fprintf(&b, "%-5s %-11s %-22s %s\n", one.Verdict, one.Protocol, one.Check, one.Reason)
		if one.Remedy != "" {
			fmt.Fprintf(&b, "%-40s = %s\n", "", one.Remedy)
		}
	}
	what := "the component"
	if r.Component != "" {
		what = fmt.Sprintf("%s (%s)", r.Component, r.Role)
	}
	fmt.Fprintf(&b, "\n%s: %d passed, %d failed, %d skipped\n", what, counts[judge.Pass], counts[judge.Fail], counts[judge.Skip])
	_, err := io.WriteString(w, b.String())
	return err
}
