package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir/diag"
)

type initCmd struct {
	Preset         string `help:"What to write: testnet-duckdb, testnet-postgres, mainnet-duckdb or mainnet-postgres." placeholder:"PRESET"`
	Network        string `help:"Of which network, without a preset: ${enum}." enum:"testnet,mainnet" default:"testnet" placeholder:"NETWORK"`
	Destination    string `help:"Where to, without a preset: ${enum}." enum:"duckdb,postgres" default:"duckdb" placeholder:"SINK"`
	StartLedger    string `help:"The first ledger; without, START_LEDGER of the program's environment, or the newest." placeholder:"N"`
	Output         string `short:"o" help:"The file to write." default:"pipeline.yaml" placeholder:"FILE"`
	Force          bool   `help:"Write over a file that is there."`
	NonInteractive bool   `help:"As always: nothing is asked."`
}

// Run writes the pipeline of a preset.
func (c *initCmd) Run(a *app) error {
	name := c.Preset
	if name == "" {
		name = c.Network + "-" + c.Destination
	}
	var preset *driver.Preset
	var names []string
	for _, p := range driver.Presets() {
		names = append(names, p.Name)
		if p.Name == name {
			preset = &p
		}
	}
	if preset == nil {
		text := fmt.Sprintf("no preset is called %q: there are %s", name, strings.Join(names, ", "))
		if near := diag.Nearest(name, names); near != "" {
			text = fmt.Sprintf("no preset is called %q: did you mean %q?", name, near)
		}
		return usage(errors.New(text))
	}
	if c.StartLedger != "" {
		if _, err := strconv.ParseUint(c.StartLedger, 10, 32); err != nil {
			return usage(fmt.Errorf("--start-ledger is the number of a ledger, not %q", c.StartLedger))
		}
	}
	if _, err := os.Stat(c.Output); err == nil && !c.Force {
		return usage(fmt.Errorf("%s is there already: name another file with -o, or write over it with --force", c.Output))
	}
	text := preset.Text(c.StartLedger)
	if err := writeWhole(c.Output, []byte(text)); err != nil {
		return environment(err)
	}
	return a.answer("wrote "+c.Output, map[string]string{"preset": preset.Name, "output": c.Output, "text": text}, func(w io.Writer) {
		fmt.Fprintf(w, "wrote %s: %s\nnext: put the components into bin/, then flowc check %s and flowc run %s\n", c.Output, preset.Name, c.Output, c.Output)
	})
}
