package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// An app is what commands share: streams, the wanted output and the place of
// caches. Only it knows the environment.
type app struct {
	ctx            context.Context
	args           []string // of the command, as they were given
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	model          *kong.Application
	command        string
	format         string
	all, color     bool
	colorOut       bool // of stdout; color is that of stderr
	cluster        clusterArg
	plane          planeArg // that a run registers with

	diagnostics diag.List
	printed     bool // the envelope is out
}

// An envelope is the machine-readable answer of every command.
type envelope struct {
	Command     string                `json:"command"`
	OK          bool                  `json:"ok"`
	Summary     string                `json:"summary"`
	Result      any                   `json:"result"`
	Diagnostics []diag.JSONDiagnostic `json:"diagnostics"`
	Error       *string               `json:"error"`
}

// answer prints a command's result: text by the function, or the envelope.
func (a *app) answer(summary string, result any, text func(io.Writer)) error {
	if a.format != "json" {
		text(a.stdout)
		return nil
	}
	return a.envelope(envelope{OK: true, Summary: summary, Result: result})
}

// envelope prints the one JSON object of a command.
func (a *app) envelope(e envelope) error {
	a.printed = true
	e.Command = a.command
	e.Diagnostics = diag.JSON(a.diagnostics, a.shown)
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(e)
}

// fail prints an error in the wanted form and returns the exit code.
func (a *app) fail(err error) int {
	if err == nil {
		return exitOK
	}
	code := exitBug
	var e *exitError
	quiet := errors.As(err, &e) && e.quiet
	if e != nil {
		code = e.code
	}
	if a.format == "json" && !a.printed {
		text := err.Error()
		out := envelope{OK: false, Summary: text}
		if !quiet {
			out.Error = &text
		} else if n := a.diagnostics.Count(diag.Error); n > 0 {
			out.Summary = plural(n, "error")
		}
		if err := a.envelope(out); err != nil {
			fmt.Fprintln(a.stderr, "flowc:", err)
		}
		return code
	}
	if !quiet {
		fmt.Fprintln(a.stderr, "flowc:", err)
	}
	return code
}

// report prints diagnostics in the wanted form; JSON keeps them for the
// envelope. It returns the error that ends the command, if any is one.
func (a *app) report(l diag.List) error {
	l.Sort()
	a.diagnostics = append(a.diagnostics, l...)
	var err error
	switch a.format {
	case "json", "sarif": // one document for all of a command, at its end
	case "github":
		err = diag.GitHub(a.stdout, l, a.shown)
	default:
		err = diag.Text(a.stderr, l, diag.TextOptions{Color: a.color, All: a.all, Path: a.shown})
	}
	if err != nil {
		return environment(err)
	}
	if l.HasErrors() {
		return exit(exitInvalid)
	}
	return nil
}

// finish writes what is one document for the whole command.
func (a *app) finish() error {
	if a.format != "sarif" {
		return nil
	}
	a.diagnostics.Sort()
	return diag.SARIF(a.stdout, a.diagnostics, diag.Tool{Name: "flowc", Version: version(), URI: "https://github.com/flowc-dev/flowc"}, a.shown)
}

// shown is a file's path from the working directory, which is how terminals,
// editors and annotators find it; the whole path where the file is not below.
func (a *app) shown(f *source.File) string {
	wd, err := os.Getwd()
	if err != nil || f.Path == "" {
		return f.Name
	}
	abs, err := filepath.Abs(f.Path)
	if err != nil {
		return f.Name
	}
	rel, err := filepath.Rel(wd, abs)
	if err != nil || !filepath.IsLocal(rel) {
		return filepath.ToSlash(abs)
	}
	return filepath.ToSlash(rel)
}

// wantsColor decides on colours: for a terminal, unless NO_COLOR is set.
func (a *app) wantsColor(when string, w io.Writer) bool {
	switch when {
	case "always":
		return true
	case "never":
		return false
	}
	return a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb" && isTerminal(w)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// cacheDir is where builds and export data are kept: FLOWC_CACHE, else the
// user's cache folder.
func (a *app) cacheDir() (string, error) {
	if dir := a.getenv("FLOWC_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", environment(fmt.Errorf("no folder for caches: %w (FLOWC_CACHE names one)", err))
	}
	return filepath.Join(dir, "flowc"), nil
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
