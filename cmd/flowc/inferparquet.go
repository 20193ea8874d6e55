package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/compiler/infer"
)

// parquetFile is the pipeline that is built for the sake of a Parquet file. Its path
// is set when it is asked, so that one program serves all files.
const parquetFile = `
pipeline: infer-parquet
sources:
  sample: {use: file, config: {path: sample.parquet, format: parquet}}
sinks:
  none: {from: sample, use: drop}
`

// isParquet tells whether the sample is a Parquet file.
func (c *inferCmd) isParquet() bool {
	return c.As == "parquet" || c.As == "" && filepath.Ext(c.File) == ".parquet"
}

// parquet infers the types of a Parquet file, whose schema says them. flowc links no
// Parquet: a program that reads such files does, and is built once.
func (c *inferCmd) parquet(a *app, o infer.Options) error {
	if c.File == "-" {
		return usage(errors.New("a Parquet file is not read from begin to end: name the file"))
	}
	if _, err := os.Stat(c.File); err != nil {
		return environment(err)
	}
	file, err := filepath.Abs(c.File)
	if err != nil {
		return environment(err)
	}
	cache, err := a.cacheDir()
	if err != nil {
		return err
	}
	r, err := driver.Compile(a.ctx, driver.Options{
		File: "parquet.yaml", Text: []byte(parquetFile), CacheDir: cache, MinGo: golang.GoVersion, Alone: "sample",
	})
	if err != nil {
		return compileError(err)
	}
	o.Format = "parquet"
	var complaint bytes.Buffer
	types, err := ask(a, r, []string{"infer", "sample", "--set", "sample.config.path=" + file}, o, &complaint)
	if err != nil {
		return complained(err, complaint.String())
	}
	return a.answer(plural(len(types.Types), "type"), types, func(w io.Writer) { fmt.Fprint(w, types.YAML) })
}

// complained is the error of the program that read the file, without the place in a
// pipeline that nobody has written.
func complained(err error, said string) error {
	var ended *exitError
	if said = strings.TrimSpace(said); said == "" || !errors.As(err, &ended) {
		return err
	}
	if _, text, ok := strings.Cut(said, ": error: `sample`: infer: "); ok {
		said = text
	}
	return &exitError{code: ended.code, err: errors.New(said)}
}
