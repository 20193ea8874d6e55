package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/flowc-dev/flowc/compiler/driver"
)

type migrateCmd struct {
	File     string   `arg:"" help:"A pipeline of flowctl (any of its spellings), cdp or Flow, or a file of a sandbox; - is standard input."`
	Output   string   `short:"o" help:"The file to write; without, standard output." placeholder:"FILE" xor:"to"`
	InPlace  bool     `help:"Write over the file itself." xor:"to"`
	Pipeline string   `help:"The pipeline that is meant, where the file has several." placeholder:"NAME"`
	As       string   `help:"The spelling to write: ${enum}." enum:"short,flowctl/v1" default:"short" placeholder:"SPELLING"`
	Through  []string `help:"Components that a topology of flowctl/v2 goes through, where there are several ways." placeholder:"NAME"`
}

type migrateResult struct {
	// Spelling is what the file was written in.
	Spelling string `json:"spelling"`
	What     string `json:"what"`
	// Output is the file that was written, Text what is in it.
	Output string `json:"output,omitempty"`
	Text   string `json:"text"`
	// Left is how many things could not be carried as they were.
	Left int `json:"left"`
}

// Run writes a pipeline of another spelling in the short one.
func (c *migrateCmd) Run(a *app) error {
	if c.InPlace && c.File == "-" {
		return usage(errors.New("--in-place is for a file, and not for standard input"))
	}
	text, err := c.read(a)
	if err != nil {
		return err
	}
	r, l := driver.Migrate(c.File, text, driver.MigrateOptions{V1: c.As == "flowctl/v1", Pipeline: c.Pipeline, Through: c.Through})
	if err := a.report(l); err != nil {
		return err
	}
	if r.Native {
		return usage(fmt.Errorf("%s is in the spelling of flowc already, or in none that flowc knows: `flowc check %s` says more", c.File, c.File))
	}
	out := c.Output
	if c.InPlace {
		out = c.File
	}
	if out != "" {
		if err := writeWhole(out, r.Text); err != nil {
			return environment(err)
		}
	}
	res := migrateResult{Spelling: r.Spelling.Name, What: r.Spelling.What, Output: out, Text: string(r.Text), Left: len(l)}
	summary := "read " + r.Spelling.What
	if out != "" {
		summary = "wrote " + out + ": it was " + r.Spelling.What
	}
	if res.Left > 0 {
		summary += "; " + plural(res.Left, "thing") + " to look at"
	}
	return a.answer(summary, res, func(w io.Writer) {
		if out == "" {
			fmt.Fprint(w, res.Text)
		}
		fmt.Fprintln(a.stderr, summary)
		switch {
		case r.Compose:
			fmt.Fprintln(a.stderr, "it is a file of Compose, whose services a pipeline's connectors can use: docker compose -f FILE up")
		case out != "":
			fmt.Fprintf(a.stderr, "next: flowc check %s\n", out)
		}
	})
}

func (c *migrateCmd) read(a *app) ([]byte, error) {
	if c.File == "-" {
		text, err := io.ReadAll(io.LimitReader(a.stdin, 64<<20))
		if err != nil {
			return nil, environment(err)
		}
		return text, nil
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return nil, usage(err)
	}
	return text, nil
}

// writeWhole writes a file so that a reader finds the old text or the new one.
func writeWhole(name string, text []byte) error {
	mode := os.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(name), "."+strings.TrimPrefix(filepath.Base(name), ".")+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(text); err != nil {
		f.Close()
		return err
	}
	if err := f.Chmod(mode); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
