package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/compiler/edit"
	"github.com/flowc-dev/flowc/compiler/infer"
	"github.com/flowc-dev/flowc/ir"
)

// learned is the first line that the program says; see runtime/program.
type learned struct {
	Columns []infer.Column `json:"columns"`
	Records bool           `json:"records"`
}

// liveResult is the answer of infer for a source of a pipeline.
type liveResult struct {
	*infer.Result
	// Wrote is the file that has the types now, "" for none.
	Wrote string `json:"wrote,omitempty"`
}

// live infers the types of a pipeline's source. flowc links no connector: it builds a
// program of that source alone, which asks the system, and makes types of its answer.
func (c *inferCmd) live(a *app, o infer.Options) error {
	r, err := c.alone(a)
	if err != nil {
		return err
	}
	args := []string{"infer", c.Source}
	if c.Sample > 0 {
		args = append(args, "--limit", strconv.FormatInt(c.Sample, 10))
	}
	o.Node, o.Limit, o.Format, o.Changes = c.Source, 0, "ndjson", givesChanges(r.Program)
	types, err := ask(a, r, append(args, c.settingsOf.args()...), o, a.stderr)
	if err != nil {
		return err
	}
	result := liveResult{Result: types}
	if c.Write {
		if result.Wrote, err = writeTypes(r, c.Source, types); err != nil {
			return environment(err)
		}
	}
	return a.answer(plural(len(types.Types), "type"), result, func(w io.Writer) {
		fmt.Fprint(w, types.YAML)
		if result.Wrote != "" {
			fmt.Fprintf(w, "\n# written to %s\n", result.Wrote)
		}
	})
}

// ask builds a program, runs its infer with the arguments, and makes types of the
// answer. What the program has to complain of goes to stderr.
func ask(a *app, r *driver.Result, args []string, o infer.Options, stderr io.Writer) (*infer.Result, error) {
	binary, _, err := a.build(r, build.Request{})
	if err != nil {
		return nil, err
	}
	if args, err = absolutePaths(append(args, "--format", "json")); err != nil {
		return nil, environment(err)
	}
	var said bytes.Buffer
	code, err := build.Pipe(a.ctx, binary, args, r.Dir, &said, stderr)
	switch {
	case err != nil:
		return nil, environment(err)
	case code != 0:
		return nil, exit(code)
	}
	types, err := typesOf(a, &said, o)
	if err != nil {
		return nil, inferError(err)
	}
	return types, nil
}

// givesChanges tells whether the records of a program's source are changes.
func givesChanges(p *ir.Program) bool {
	return slices.ContainsFunc(p.Nodes, func(n *ir.Node) bool {
		_, decodes := n.Op.(*ir.Decode)
		return decodes && slices.ContainsFunc(n.Out, func(p ir.Port) bool { return p.Type != nil && p.Type.Change })
	})
}

// alone compiles a program of the source alone.
func (c *inferCmd) alone(a *app) (*driver.Result, error) {
	cache, err := a.cacheDir()
	if err != nil {
		return nil, err
	}
	r, err := driver.Compile(a.ctx, driver.Options{
		File: c.File, Overlays: c.Overlay, Env: c.Env, Stdin: a.stdin, CacheDir: cache, MinGo: golang.GoVersion, Alone: c.Source,
	})
	if err != nil {
		return nil, compileError(err)
	}
	if err := a.report(r.Diagnostics); err != nil {
		return nil, err
	}
	for _, n := range r.Program.Nodes {
		if source, ok := n.Op.(*ir.Source); ok && source.Go != nil {
			return nil, usage(fmt.Errorf("the source `%s` is Go, whose types say what its records are", c.Source))
		}
	}
	if err := a.bringHere(r); err != nil {
		return nil, err
	}
	return r, nil
}

// typesOf makes types of what the program said.
func typesOf(a *app, said io.Reader, o infer.Options) (*infer.Result, error) {
	in := bufio.NewReader(said)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("the program did not say what it found: %w", err)
	}
	var first learned
	if err := json.Unmarshal(line, &first); err != nil {
		return nil, fmt.Errorf("the program said something else than what it found: %w", err)
	}
	if !first.Records {
		return infer.Columns(first.Columns, o)
	}
	return infer.Sample(a.ctx, in, o)
}

// writeTypes writes types into the pipeline's file, and returns its name.
func writeTypes(r *driver.Result, source string, types *infer.Result) (string, error) {
	f := r.File
	if f == nil || f.Path == "" {
		return "", fmt.Errorf("%w: the pipeline is standard input", edit.ErrRefused)
	}
	text, err := edit.AddTypes(f, edit.Types{Source: source, Out: types.Source.Out.YAML(), Declarations: types.Declarations})
	if err != nil {
		return "", fmt.Errorf("%s: %w", f.Name, err)
	}
	info, err := os.Stat(f.Path)
	if err != nil {
		return "", err
	}
	path, err := filepath.EvalSymlinks(f.Path)
	if err != nil {
		return "", err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".flowc-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(text)
	if closed := tmp.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Chmod(tmp.Name(), info.Mode().Perm())
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	return f.Name, err
}
