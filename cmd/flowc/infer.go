package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/flowc-dev/flowc/compiler/infer"
)

type inferCmd struct {
	File      string `arg:"" name:"sample" help:"The data: NDJSON, JSON or CSV, plain or gzipped, or a Parquet file; - is standard input. Or a pipeline, with a SOURCE of it."`
	Source    string `arg:"" optional:"" help:"A source of the pipeline: its table, or Parquet file, says what the records are, or a sample of its topic or stream."`
	Write     bool   `help:"With a SOURCE: write the types, and its out, into the pipeline's file."`
	As        string `help:"The format: ${enum}; without, the extension tells it, else the data." enum:",ndjson,json,csv,parquet" default:"" placeholder:"FORMAT"`
	Name      string `help:"The name of the type; without, that of the file." placeholder:"TYPE"`
	By        string `help:"The field of JSON records that tells event types apart: a type for each of its values." placeholder:"FIELD"`
	Sample    int64  `help:"Read so many records and no more." placeholder:"N"`
	Delimiter string `help:"What stands between the cells of CSV; without, the header tells it." placeholder:"CHAR"`
	Decimals  bool   `help:"Strings that are all numbers become decimals."`
	Floats    bool   `help:"Numbers with a fraction become float64, which rounds, instead of number, which does not."`
	Enums     bool   `help:"Strings of few values become enums."`
	settingsOf
	Overlay []string `help:"Merge this file over the pipeline." placeholder:"FILE"`
	Env     string   `help:"Merge pipeline.NAME.yaml, beside the pipeline, over it." placeholder:"NAME"`
}

// Run reads the sample and prints types for it.
func (c *inferCmd) Run(a *app) error {
	o := infer.Options{
		File: c.File, Format: c.As, Name: c.Name, By: c.By, Limit: c.Sample,
		Decimals: c.Decimals, Floats: c.Floats, Enums: c.Enums,
	}
	if c.Sample < 0 {
		return usage(fmt.Errorf("--sample is the number of records to read, not %d", c.Sample))
	}
	switch c.Delimiter {
	case "":
	case `\t`, "tab":
		o.Delimiter = '\t'
	default:
		if len(c.Delimiter) > 1 {
			return usage(fmt.Errorf("--delimiter is one character of ASCII (or tab), not %q", c.Delimiter))
		}
		o.Delimiter = c.Delimiter[0]
	}
	if c.Source != "" {
		return c.live(a, o)
	}
	if c.Write {
		return usage(errors.New("--write is for a source of a pipeline: flowc infer PIPELINE SOURCE --write"))
	}
	switch filepath.Ext(c.File) {
	case ".yaml", ".yml", ".cue":
		return usage(fmt.Errorf("%s is a pipeline: name a source of it, as in `flowc infer %s orders`", c.File, c.File))
	}
	if c.isParquet() {
		return c.parquet(a, o)
	}
	in := a.stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return environment(err)
		}
		defer f.Close()
		in = f
	}
	r, err := infer.Sample(a.ctx, in, o)
	if err != nil {
		return inferError(err)
	}
	return a.answer(plural(len(r.Types), "type"), r, func(w io.Writer) { fmt.Fprint(w, r.YAML) })
}

// inferError gives an error of a sample its exit code.
func inferError(err error) error {
	var broken *infer.Error
	switch {
	case errors.As(err, &broken):
		return &exitError{code: exitInvalid, err: err}
	case errors.Is(err, infer.ErrUsage):
		return usage(err)
	}
	return environment(err)
}
