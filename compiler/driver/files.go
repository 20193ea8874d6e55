package driver

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// The names of a pipeline that is not named.
const (
	mainFile = "pipeline.yaml"
	suffix   = ".flow.yaml"
)

// maxFile is more than any pipeline; the parser has a finer limit.
const maxFile = 64 << 20

// root finds, reads and parses the root pipeline. It is nil where that failed,
// which the diagnostics say.
func (c *compile) root() (*parse.Node, error) {
	dir := c.o.Dir
	if dir == "" {
		dir = "."
	}
	if c.o.File == "-" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		c.r.Dir = abs
		return c.stdin()
	}
	path := c.o.File
	if path == "" {
		found, err := c.find(dir)
		if err != nil {
			return nil, err
		}
		path = found
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(abs); err == nil && info.IsDir() && c.o.Text == nil {
		found, err := c.find(abs)
		if err != nil {
			return nil, err
		}
		abs = filepath.Join(abs, found)
	}
	c.r.Dir = filepath.Dir(abs)
	text := c.o.Text
	if text == nil {
		if text, err = readLimited(abs); err != nil {
			return nil, c.unreadable(c.o.File, err)
		}
	}
	root := c.parseFile(filepath.Base(abs), abs, text)
	c.r.File = c.r.Files[0]
	return root, nil
}

// stdin reads the pipeline from standard input.
func (c *compile) stdin() (*parse.Node, error) {
	text := c.o.Text
	if text == nil {
		if c.o.Stdin == nil {
			return nil, fmt.Errorf("there is no standard input to read the pipeline from: %w", ErrUsage)
		}
		var err error
		if text, err = io.ReadAll(io.LimitReader(c.o.Stdin, maxFile)); err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
	}
	root := c.parseFile("stdin.yaml", "", text)
	c.r.File = c.r.Files[0]
	return root, nil
}

// find finds the pipeline of a folder.
func (c *compile) find(dir string) (string, error) {
	if _, err := os.Stat(filepath.Join(dir, mainFile)); err == nil {
		return mainFile, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("can't look for a pipeline: %w", err)
	}
	var found, other []string
	for _, e := range entries {
		switch name := e.Name(); {
		case e.IsDir():
		case strings.HasSuffix(name, suffix):
			found = append(found, name)
		case strings.HasSuffix(name, ".yaml"), strings.HasSuffix(name, ".yml"):
			other = append(other, name)
		}
	}
	slices.Sort(found)
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		hint := ""
		if len(other) > 0 {
			hint = "; name the file: " + strings.Join(other[:min(len(other), 5)], ", ")
		}
		return "", fmt.Errorf("there is no %s and no *%s in this folder%s: %w", mainFile, suffix, hint, ErrUsage)
	}
	return "", fmt.Errorf("there are several pipelines in this folder; name one of them: %s: %w", strings.Join(found, ", "), ErrUsage)
}

// unreadable is the error of a file named on the command line.
func (c *compile) unreadable(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		near := ""
		dir := filepath.Join(c.o.Dir, filepath.Dir(name))
		if entries, e := os.ReadDir(dir); e == nil {
			var names []string
			for _, e := range entries {
				names = append(names, e.Name())
			}
			if n := diag.Nearest(filepath.Base(name), names); n != "" {
				near = "; did you mean " + filepath.Join(filepath.Dir(name), n) + "?"
			}
		}
		return fmt.Errorf("there is no file %s%s: %w", name, near, ErrUsage)
	}
	return err
}

// readLimited reads a file, but no more than a pipeline can be.
func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// overlays reads the overlays in their order.
func (c *compile) overlays() ([]*parse.Node, error) {
	var paths []string
	if c.o.Env != "" {
		path, err := c.envFile()
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	for _, o := range c.o.Overlays {
		if !filepath.IsAbs(o) {
			o = filepath.Join(c.o.Dir, o)
		}
		paths = append(paths, o)
	}
	var out []*parse.Node
	for _, path := range paths {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		text, err := readLimited(abs)
		if err != nil {
			return nil, c.unreadable(path, err)
		}
		out = append(out, c.parseFile(c.shown(abs), abs, text))
	}
	return out, nil
}

// envFile is the overlay of an environment: pipeline.prod.yaml beside
// pipeline.yaml, orders.prod.flow.yaml beside orders.flow.yaml.
func (c *compile) envFile() (string, error) {
	if c.r.File == nil || c.r.File.Path == "" {
		return "", fmt.Errorf("an environment's overlay lies beside the pipeline's file, and this pipeline is standard input: %w", ErrUsage)
	}
	base := filepath.Base(c.r.File.Path)
	ext := filepath.Ext(base)
	if strings.HasSuffix(base, suffix) {
		ext = suffix
	}
	name := strings.TrimSuffix(base, ext) + "." + c.o.Env + ext
	path := filepath.Join(c.r.Dir, name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the environment %q has no overlay: there is no %s beside %s: %w", c.o.Env, name, base, ErrUsage)
	}
	return path, nil
}

// shown is how a file is named: relative to the pipeline's folder.
func (c *compile) shown(path string) string {
	if rel, err := filepath.Rel(c.r.Dir, path); err == nil {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(path)
}

// include reads a file that an `include` names.
func (c *compile) include(name string, at source.Span, l *diag.List) *parse.Node {
	path := filepath.Join(c.r.Dir, filepath.FromSlash(name))
	text, err := readLimited(path)
	if err != nil {
		c.r.Inputs = append(c.r.Inputs, path)
		d := l.Errorf(diag.FileNotFound, at, "can't read the included file `%s`", name)
		if !errors.Is(err, fs.ErrNotExist) {
			d.Notef("%v", errors.Unwrap(err))
			return nil
		}
		d.Caret("there is no such file")
		var names []string
		entries, _ := os.ReadDir(filepath.Dir(path))
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if near := diag.Nearest(filepath.Base(name), names); near != "" {
			d.Helpf("there is a file `%s` in that folder", near)
		}
		return nil
	}
	return c.parseFile(name, path, text)
}

// defaultName is the pipeline's name where the text gives none: the file's.
func (c *compile) defaultName() string {
	if c.r.File == nil || c.r.File.Path == "" {
		return "pipeline"
	}
	base := filepath.Base(c.r.File.Path)
	if i := strings.IndexByte(base, '.'); i > 0 {
		base = base[:i]
	}
	if base == "pipeline" {
		return filepath.Base(c.r.Dir)
	}
	return base
}
