package main

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir"
)

// Emitting is a function of the pipeline: 20 times, on one processor and on
// several, for every target, the bytes are the same.
func TestDeterminism(t *testing.T) {
	for _, path := range cases(t) {
		name := filepath.Base(filepath.Dir(path))
		t.Run(name, func(t *testing.T) {
			var first []backends.File
			programs := []*ir.Program{compileCase(t, path).Program, compileCase(t, path).Program}
			for i := range 20 {
				before := runtime.GOMAXPROCS(1 + 7*(i%2))
				files := emitAll(t, programs[i/10])
				runtime.GOMAXPROCS(before)
				if i == 0 {
					first = files
					continue
				}
				if where := difference(first, files); where != "" {
					t.Fatalf("time %d differs in %s", i+1, where)
				}
			}
		})
	}
}

func emitAll(t *testing.T, p *ir.Program) []backends.File {
	t.Helper()
	var all []backends.File
	for _, b := range targets {
		options := backends.Options(p.Targets[b.Name()])
		if b.Check(p, options).HasErrors() {
			continue // the case says nothing of this target
		}
		l := layout(p)
		if b.Name() == "types" {
			l.Package = "events"
		}
		files, err := b.Emit(p, options, l)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			f.Path = b.Name() + "/" + f.Path
			all = append(all, f)
		}
	}
	return all
}

func difference(a, b []backends.File) string {
	if len(a) != len(b) {
		return "the number of files"
	}
	for i := range a {
		if a[i].Path != b[i].Path || string(a[i].Data) != string(b[i].Data) {
			return a[i].Path
		}
	}
	return ""
}

// The order of nodes in the file means nothing, except that output keeps it:
// with the nodes of each block shuffled a program has the same nodes, edges and
// regions.
func TestPermutation(t *testing.T) {
	t.Parallel()
	for _, path := range cases(t) {
		if filepath.Ext(path) != ".yaml" {
			continue
		}
		dir := filepath.Dir(path)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want := meaning(compileCase(t, path).Program)
			for seed := range uint64(5) {
				shuffled := shuffleBlocks(string(text), rand.New(rand.NewPCG(seed, 1)))
				r, err := driver.Compile(context.Background(), driver.Options{File: "pipeline.yaml", Dir: dir, Text: []byte(shuffled), CacheDir: compilerCache})
				if err != nil || r.Program == nil {
					t.Fatalf("%v %v\n%s", err, r.Diagnostics, shuffled)
				}
				if got := meaning(r.Program); got != want {
					t.Fatalf("shuffled, the program means something else:\n%s%s", shuffled, lineDifference(want, got))
				}
			}
		})
	}
}

// meaning is the printed program with its lines sorted.
func meaning(p *ir.Program) string {
	var blocks []string
	p.Hash = "" // that of the text, in its order
	for line := range strings.Lines(ir.Print(p)) {
		if len(blocks) > 0 && (strings.HasPrefix(line, " ") || strings.HasPrefix(line, "}")) {
			blocks[len(blocks)-1] += line
			continue
		}
		// Lists of nodes keep the order of the file.
		words := strings.Fields(strings.ReplaceAll(line, ",", " "))
		if strings.HasPrefix(line, "region ") || strings.HasPrefix(line, "process ") {
			slices.Sort(words)
			line = strings.Join(words, " ") + "\n"
		}
		blocks = append(blocks, line)
	}
	for i, b := range blocks {
		if strings.HasPrefix(b, "memory ") { // its parts stand in the order of the nodes
			parts := strings.SplitAfter(b, "\n")
			slices.Sort(parts)
			blocks[i] = strings.Join(parts, "")
		}
	}
	slices.Sort(blocks)
	return strings.Join(blocks, "")
}

// lineDifference lists the lines that only one of two texts has.
func lineDifference(want, got string) string {
	var b strings.Builder
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, line := range w {
		if !slices.Contains(g, line) {
			b.WriteString("- " + line + "\n")
		}
	}
	for _, line := range g {
		if !slices.Contains(w, line) {
			b.WriteString("+ " + line + "\n")
		}
	}
	return b.String()
}

// shuffleBlocks shuffles the nodes of sources, processors and sinks.
func shuffleBlocks(text string, r *rand.Rand) string {
	var out strings.Builder
	var nodes []string
	flush := func() {
		r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
		out.WriteString(strings.Join(nodes, ""))
		nodes = nil
	}
	inside := false
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(line, "\n") {
			line += "\n"
		}
		switch {
		case !strings.HasPrefix(line, " ") && strings.TrimSpace(line) != "":
			flush()
			word, _, _ := strings.Cut(line, ":")
			inside = word == "sources" || word == "processors" || word == "sinks"
			out.WriteString(line)
		case inside && strings.HasPrefix(line, "  ") && !strings.HasPrefix(line, "   "):
			nodes = append(nodes, line)
		case inside && len(nodes) > 0:
			nodes[len(nodes)-1] += line
		default:
			out.WriteString(line)
		}
	}
	flush()
	return out.String()
}
