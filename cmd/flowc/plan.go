package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/compiler/plan"
	"github.com/flowc-dev/flowc/ir"
)

type planCmd struct {
	pipelineArg `embed:""`
	Rate        []string `help:"Records a second: 1e6, 250k, or SOURCE=1e6 for each source of several." placeholder:"[SOURCE=]N"`
	Size        []string `help:"Bytes of a record; without, those of the sample, or 1000." placeholder:"[SOURCE=]BYTES"`
	Cores       int      `help:"How many cores a process may have." default:"8" placeholder:"N"`
	Sample      []string `aliases:"measure" help:"Build the pipeline and measure what its nodes cost here, and what they let through, with the records of this file." placeholder:"[SOURCE=]FILE"`
	Cost        []string `help:"Processor time that a component, or Go of yours, takes for a record, as 20us: the table has none." placeholder:"NODE=TIME"`
	Rounds      int      `help:"How often the program runs for --sample; the least counts." default:"5" placeholder:"N"`
	JSON        bool     `name:"json" help:"The same as --format json."`
}

// costs is the table that plans are made by.
var costs = plan.Default

// Run computes what it takes to run the pipeline at a rate.
func (c *planCmd) Run(a *app) error {
	if c.JSON {
		a.format = "json"
	}
	switch {
	case len(c.Rate) == 0:
		return usage(errors.New("say how many records come in a second: --rate 1e6"))
	case c.Cores < 1:
		return usage(fmt.Errorf("--cores %d: a process has at least one core", c.Cores))
	case c.Rounds < 1:
		return usage(fmt.Errorf("--rounds %d: the program runs at least once", c.Rounds))
	}
	r, err := c.compile(a)
	if err != nil {
		return err
	}
	if len(r.Program.Nodes) == 0 {
		return usage(fmt.Errorf("`%s` has jobs alone, and a plan is about records: there is none to plan for", r.Program.Name))
	}
	request, samples, err := c.request(r)
	if err != nil {
		return usage(err)
	}
	c.text = r.File.Text // standard input can't be read twice
	if len(samples) > 0 {
		if request.Measured, err = c.measure(a, samples); err != nil {
			return err
		}
	}
	carrier := edgesVariable
	if r.Program.Carrier != nil {
		carrier = "" // the pipeline's own
	}
	request.Try = func(node string) ([]*ir.Piece, bool) { return c.try(a, node, carrier) }
	p := plan.Compute(request)
	var text strings.Builder
	if err := p.Text(&text); err != nil {
		return bug(err)
	}
	return a.answer("planned "+p.Pipeline, p, func(w io.Writer) { fmt.Fprint(w, text.String()) })
}

// request is what the flags ask of a pipeline, and the samples by their sources.
func (c *planCmd) request(r *driver.Result) (request plan.Request, samples map[string]string, err error) {
	request = plan.Request{Program: r.Program, Pieces: r.Program.Pieces, Rates: map[string]float64{}, Sizes: map[string]float64{}, Cores: c.Cores, Costs: costs}
	sources := plan.Sources(r.Program)
	perSource := func(flag string, given []string) (map[string]string, error) {
		values, err := plan.PerSource(sources, func(name string) error { return plan.CheckSource(r.Program, name) }, given)
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", flag, err)
		}
		return values, nil
	}
	numbers := func(flag string, given []string, parse func(string) (float64, error), into map[string]float64) error {
		values, err := perSource(flag, given)
		for name, text := range values {
			n, err := parse(text)
			if err != nil {
				return fmt.Errorf("--%s: %w", flag, err)
			}
			into[name] = n
		}
		return err
	}
	if err := numbers("rate", c.Rate, plan.ParseRate, request.Rates); err != nil {
		return request, nil, err
	}
	if err := numbers("size", c.Size, plan.ParseSize, request.Sizes); err != nil {
		return request, nil, err
	}
	if request.Given, err = plan.ParseCosts(func(name string) error { return plan.CheckCost(r.Program, name) }, c.Cost); err != nil {
		return request, nil, fmt.Errorf("--cost: %w", err)
	}
	if samples, err = perSource("sample", c.Sample); err != nil {
		return request, nil, err
	}
	for _, name := range sources {
		if _, ok := request.Rates[name]; !ok {
			return request, nil, fmt.Errorf("--rate: nothing is said of `%s`: `--rate %s=1e6`", name, name)
		}
		if len(samples) == 0 {
			continue
		}
		if _, ok := samples[name]; !ok {
			return request, nil, fmt.Errorf("--sample: a measurement needs one of each source, and `%s` has none: `--sample %s=FILE`", name, name)
		}
		if err := plan.Sampleable(r.Program, name); err != nil {
			return request, nil, fmt.Errorf("--sample: %w; without --sample the table says what it costs", err)
		}
	}
	app, _ := manifest.Of(r.Program, "", manifest.Given{Placed: func(string) bool { return true }})
	request.Copies, request.CopiesWhy = app.Copies.Many, app.Copies.Why
	return request, samples, nil
}

// try cuts the pipeline at a node, in one copy, with edges by the server that a variable
// names, or by what the pipeline itself says. A cut that the compiler refuses is none.
func (c *planCmd) try(a *app, node, carrier string) ([]*ir.Piece, bool) {
	o, err := c.options(a)
	if err != nil {
		return nil, false
	}
	o.Scale = map[string]driver.Scale{node: {Max: 1}}
	o.Carrier = carrier
	r, err := driver.Compile(a.ctx, o)
	if err != nil || r.Diagnostics.HasErrors() {
		return nil, false
	}
	return r.Program.Pieces, len(r.Program.Pieces) > 1
}
