// Package driver compiles a pipeline: it finds the file, reads it and what it
// includes, and runs the phases of the compiler over it. It is the one entry
// for every command.
//
// What a user can get wrong comes back as diagnostics, all at once and sorted;
// an error is for what keeps the compiler from its work (a command that makes
// no sense, a bug of ours). Nothing is kept between two compiles; a cache would
// begin at [Result.Inputs], which are all files that a result depends on.
package driver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/flowc-dev/flowc/compiler/analyze"
	"github.com/flowc-dev/flowc/compiler/check"
	"github.com/flowc-dev/flowc/compiler/cut"
	"github.com/flowc-dev/flowc/compiler/dialect"
	"github.com/flowc-dev/flowc/compiler/lower"
	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/compiler/passes"
	"github.com/flowc-dev/flowc/compiler/schema"
	"github.com/flowc-dev/flowc/compiler/syntax"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/lock"
	"github.com/flowc-dev/flowc/ir/source"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

// Options say what to compile and how.
type Options struct {
	// File is the pipeline; "-" is Stdin, "" the pipeline of the folder Dir.
	File string
	// Text, where set, is the content of File, which is then not read.
	Text []byte
	// Dir is the folder that File and Overlays are relative to; "" is the working
	// directory.
	Dir string
	// Overlays are files that are laid over the pipeline, in this order; Env names
	// one more, pipeline.ENV.yaml beside pipeline.yaml, which comes first.
	Overlays []string
	Env      string
	Stdin    io.Reader
	// Targets are the schemas of backends' options (CUE), by name.
	Targets map[string]string
	// CacheDir is a folder for what is kept between compiles, "" for none.
	CacheDir string
	// Alone, where set, compiles a program that only reads the source of this name, as
	// json whatever its `out` is: to find out what its records are. What the text says of
	// other nodes is not looked at.
	Alone string
	// StopAfter ends the passes behind the one with this name; "lower" runs none.
	StopAfter string
	// Verify checks the program between all passes.
	Verify bool
	// Scale has nodes run in so many processes, whatever the pipeline says of them, and
	// Carrier, where set, is the variable of the environment with the URL of the server
	// of NATS that carries their records, in place of one that the pipeline names; other
	// carriers stay. Both are for trials.
	Scale   map[string]Scale
	Carrier string
	// Connectors are the built-ins; nil means those of the catalog.
	Connectors []*catalog.Connector
	// MinGo is the oldest version of Go that builds a generated program.
	MinGo string
	// GoEnv is the environment of the go command, nil for that of the process.
	GoEnv []string
	// Frozen makes an error of a reference of a component that flowc.lock does not have.
	Frozen bool
}

// A Scale is in how many processes a node runs in a trial.
type Scale struct {
	// Max is how many there are, or at the most. Min, where it is not 0, is how many there
	// are at the least: their number may change.
	Min, Max int
}

// A Result is what came of a compile.
type Result struct {
	// Program is nil where there are errors.
	Program *ir.Program
	// Diagnostics are sorted.
	Diagnostics diag.List
	// File is the root pipeline, nil where it was not found. Files are all texts
	// that were read, the root first.
	File  *source.File
	Files []*source.File
	// Dir is the folder of the root pipeline, absolute.
	Dir string
	// References are those of components that flowc brings, each once, in the order of the
	// text; Registry is where the pipeline says that they are, "" for nothing. Lock is what
	// flowc.lock has, nil where there is none.
	References []Reference
	Registry   string
	Lock       *lock.File
	// Overrides are the values that overlays replaced.
	Overrides []ir.Override
	// Inputs are the paths of all files that the result depends on, in the order
	// in which they were read.
	Inputs []string
}

// ErrUsage is in the chain of errors about the command itself.
var ErrUsage = errors.New("usage")

// A BugError is a mistake of the compiler's: a panic, or a program that does
// not hold together.
type BugError struct {
	Err error
	// Stack is where it happened, "" where it was no panic.
	Stack string
}

// Error says what to do about it.
func (e *BugError) Error() string {
	return fmt.Sprintf("a bug in flowc: %v (please report it with the pipeline: https://github.com/flowc-dev/flowc/issues)", e.Err)
}

// Unwrap returns the cause.
func (e *BugError) Unwrap() error { return e.Err }

// Compile compiles a pipeline. The result is never nil; its program is where
// neither it nor the error says otherwise.
func Compile(ctx context.Context, o Options) (r *Result, err error) {
	r = &Result{}
	defer func() {
		if v := recover(); v != nil {
			r.Program = nil
			err = &BugError{Err: fmt.Errorf("panic: %v", v), Stack: string(debug.Stack())}
		}
	}()
	c := &compile{o: o, r: r, byName: map[string]*source.File{}}
	err = c.run(ctx)
	r.Diagnostics.Sort()
	check.Together(&r.Diagnostics)
	if err != nil || r.Diagnostics.HasErrors() {
		r.Program = nil
	}
	return r, err
}

// A compile is the state of one compile.
type compile struct {
	o      Options
	r      *Result
	byName map[string]*source.File
	// lockUnread tells that there is a lock which can't be read.
	lockUnread bool
}

func (c *compile) run(ctx context.Context) error {
	l := &c.r.Diagnostics
	root, err := c.root()
	if err != nil || root == nil {
		return err
	}
	overlays, err := c.overlays()
	if err != nil {
		return err
	}
	connectors := c.o.Connectors
	if connectors == nil {
		connectors = catalog.Connectors
	}
	in := dialect.Input{Root: root, Overlays: overlays, Include: c.include, Name: c.defaultName(), Alone: c.o.Alone}
	in.Connectors, in.IsConnector = names(connectors)
	tree := dialect.Read(in, l)
	if tree == nil {
		return nil
	}
	c.r.Overrides = tree.Overrides
	c.references(tree)
	p := lower.Program(ctx, tree, lower.Options{
		Dir: c.r.Dir, Connectors: connectors, Std: check.NewStd(check.StdOptions{CacheDir: c.o.CacheDir}),
		Env: c.o.GoEnv, MinGo: c.o.MinGo, ReadFile: c.readFile, Lock: c.r.Lock, LockUnread: c.lockUnread, Frozen: c.o.Frozen,
	}, l)
	c.targets(p, tree)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if l.HasErrors() {
		return nil
	}
	p.Files = c.r.Files
	if err := ir.Verify(p); err != nil {
		return &BugError{Err: err}
	}
	if analyze.Guarantee(p, l); l.HasErrors() {
		return nil
	}
	pieces, err := c.pieces(p)
	if err != nil || l.HasErrors() {
		return err
	}
	c.r.Program = p
	if err := c.passes(p); err != nil {
		return err
	}
	cut.Behind(p, pieces)
	for _, piece := range pieces {
		if err := passes.Run(piece.Program, passes.Options{Verify: c.o.Verify}); err != nil {
			return &BugError{Err: fmt.Errorf("process %s: %w", piece.Name, err)}
		}
	}
	p.Pieces = pieces
	return nil
}

// pieces cuts the program, where that is asked for.
func (c *compile) pieces(p *ir.Program) ([]*ir.Piece, error) {
	if err := c.rescale(p); err != nil {
		return nil, err
	}
	if !cut.Asked(p) {
		return nil, nil
	}
	l := &c.r.Diagnostics
	if cut.Check(p, l); l.HasErrors() {
		return nil, nil
	}
	pieces := cut.Pieces(p)
	for _, piece := range pieces {
		if err := ir.Verify(piece.Program); err != nil {
			return nil, &BugError{Err: fmt.Errorf("process %s: %w", piece.Name, err)}
		}
		if analyze.Guarantee(piece.Program, l); l.HasErrors() {
			return nil, nil
		}
	}
	return pieces, nil
}

// rescale has nodes run in as many processes as a trial asks for.
func (c *compile) rescale(p *ir.Program) error {
	for name, scale := range c.o.Scale {
		i := slices.IndexFunc(p.Nodes, func(n *ir.Node) bool { return n.ID == name })
		if i < 0 {
			return fmt.Errorf("the pipeline has no node `%s` to scale: %w", name, ErrUsage)
		}
		switch p.Nodes[i].Op.(type) {
		case *ir.Source, *ir.Sink, *ir.Encode:
			return fmt.Errorf("`%s` is no processor, and these alone can be scaled: %w", name, ErrUsage)
		}
		if err := scale.of(p.Nodes[i]); err != nil {
			return fmt.Errorf("`%s` can't run in %w: %w", name, err, ErrUsage)
		}
		if p.Nodes[i].ScaleSpan.IsZero() {
			p.Nodes[i].ScaleSpan = p.Nodes[i].Span
		}
	}
	if c.o.Carrier != "" && (p.Carrier == nil || p.Carrier.Connector == "nats") {
		url := &ir.Value{Kind: "string", Secret: true, Parts: []ir.Part{{Kind: ir.Env, Text: c.o.Carrier}}}
		p.Carrier = &ir.Carrier{Connector: "nats", Config: []ir.Setting{{Key: "url", Type: &ir.Type{Kind: ir.String}, Value: url}}}
	}
	return nil
}

// of has a node run so. One whose number of processes changes by itself has as many
// hosts as are asked for, and its parts stay what they are.
func (s Scale) of(n *ir.Node) error {
	switch {
	case s.Max < 1:
		return fmt.Errorf("%d processes", s.Max)
	case s.Min > 0 && (s.Min > s.Max || s.Max < 2):
		return fmt.Errorf("%d to %d processes", s.Min, s.Max)
	case s.Min > 0:
		n.Replicas, n.Elastic = s.Max, &ir.Elastic{Min: s.Min, By: ir.ByLag}
	case n.Elastic != nil && s.Max > n.Replicas:
		return fmt.Errorf("%d processes: it has %d at the most", s.Max, n.Replicas)
	case n.Elastic != nil:
		n.Elastic = &ir.Elastic{Min: s.Max, By: n.Elastic.By}
	default:
		n.Replicas = s.Max
	}
	return nil
}

// passes runs the passes, to the end or to the one that was asked for.
func (c *compile) passes(p *ir.Program) error {
	last := c.o.StopAfter
	if last == "lower" {
		return nil
	}
	if last == "" {
		if err := passes.Run(p, passes.Options{Verify: c.o.Verify}); err != nil {
			return &BugError{Err: err}
		}
		return nil
	}
	all := passes.Passes()
	if !slices.ContainsFunc(all, func(pass passes.Pass) bool { return pass.Name == last }) {
		known := []string{"lower"}
		for _, pass := range all {
			known = append(known, pass.Name)
		}
		return fmt.Errorf("no pass is called %q: there are %s: %w", last, strings.Join(known, ", "), ErrUsage)
	}
	for _, pass := range all {
		pass.Run(p)
		if c.o.Verify {
			if err := ir.Verify(p); err != nil {
				return &BugError{Err: fmt.Errorf("after pass %s: %w", pass.Name, err)}
			}
		}
		if pass.Name == last {
			break
		}
	}
	return nil
}

// names are the names of connectors.
func names(list []*catalog.Connector) ([]string, func(string) bool) {
	var out []string
	known := map[string]bool{}
	for _, c := range list {
		out = append(out, c.Name)
		known[c.Name] = true
	}
	return out, func(name string) bool { return known[name] }
}

// targets evaluates the options of backends.
func (c *compile) targets(p *ir.Program, tree *syntax.Pipeline) {
	var known []string
	for name := range c.o.Targets {
		known = append(known, name)
	}
	for _, t := range tree.Targets {
		text, ok := c.o.Targets[t.Name.Text]
		if !ok {
			if len(c.o.Targets) == 0 {
				continue // the caller has no backends at all
			}
			d := c.r.Diagnostics.Errorf(diag.UnknownTarget, t.Name.Span, "`%s` is no target", t.Name.Text)
			if meant := schema.Meant(t.Name.Text, known); meant != "" {
				d.Replace(t.Name.Span, meant, "write `%s`", meant)
			} else {
				d.Near(t.Name.Text, known)
			}
			continue
		}
		options := schema.Options(t.Name.Text, text, t.Value, &c.r.Diagnostics)
		if options == nil {
			continue
		}
		if p.Targets == nil {
			p.Targets, p.TargetSpans = map[string][]byte{}, map[string]source.Span{}
		}
		p.Targets[t.Name.Text] = options
		p.TargetSpans[t.Name.Text] = t.Name.Span
		keySpans(p.TargetSpans, t.Name.Text, t.Value)
	}
	c.namespace(p, tree)
}

// namespace gives the pipeline's namespace to the targets that have some and are told of
// none. They have no place among TargetSpans: nobody wrote options for them.
func (c *compile) namespace(p *ir.Program, tree *syntax.Pipeline) {
	if tree.Namespace.IsZero() {
		return
	}
	for _, target := range slices.Sorted(maps.Keys(c.o.Targets)) {
		if !schema.HasOption(target, c.o.Targets[target], "namespace") {
			continue
		}
		options := &parse.Node{Kind: parse.Mapping, Span: tree.Namespace.Span}
		if i := slices.IndexFunc(tree.Targets, func(t syntax.Target) bool { return t.Name.Text == target }); i >= 0 {
			if tree.Targets[i].Value.Get("namespace") != nil || p.Targets[target] == nil {
				continue
			}
			options.Members = slices.Clone(tree.Targets[i].Value.Members)
		}
		options.Members = append(options.Members, &parse.Member{
			Key:   &parse.Node{Kind: parse.String, Text: "namespace", Span: tree.Namespace.Span},
			Value: &parse.Node{Kind: parse.String, Text: tree.Namespace.Text, Span: tree.Namespace.Span},
		})
		text := schema.Options(target, c.o.Targets[target], options, &c.r.Diagnostics)
		if text == nil {
			continue
		}
		if p.Targets == nil {
			p.Targets = map[string][]byte{}
		}
		p.Targets[target] = text
	}
}

// keySpans notes where the keys of a mapping stand, by their dotted path; the items
// of a list are keys with their number.
func keySpans(at map[string]source.Span, prefix string, n *parse.Node) {
	if n == nil {
		return
	}
	for i, item := range n.Items {
		path := prefix + "." + strconv.Itoa(i)
		at[path] = item.Span
		keySpans(at, path, item)
	}
	for _, m := range n.Members {
		path := prefix + "." + m.Key.Text
		at[path] = m.Key.Span
		keySpans(at, path, m.Value)
	}
}

// readFile reads a file beside the pipeline, for types.
func (c *compile) readFile(name string) ([]byte, error) {
	path := filepath.Join(c.r.Dir, filepath.FromSlash(name))
	c.r.Inputs = append(c.r.Inputs, path)
	return os.ReadFile(path)
}

// parseFile parses a text and remembers it.
func (c *compile) parseFile(name, path string, text []byte) *parse.Node {
	f := source.NewFile(name, path, text)
	c.r.Files = append(c.r.Files, f)
	if path != "" {
		c.r.Inputs = append(c.r.Inputs, path)
	}
	return parse.File(f, parse.FormatOf(name), &c.r.Diagnostics)
}
