package parse

import (
	"runtime/metrics"
	"strconv"
	"time"

	"cuelang.org/go/cue/parser"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// CUE is a program: a short text can count for hours (`list.Range`, loops in
// loops) or double a string until memory is full. Its evaluation can't be
// interrupted, so it is left alone when it takes more than this; what people
// write takes milliseconds and a few megabytes.
const (
	maxCUETime   = 1500 * time.Millisecond
	maxCUEMemory = 512 << 20 // bytes of heap, above what was there before
)

// unbounded are packages of CUE's own that a file can't import: one call can ask
// for more memory than there is, which ends the whole program.
var unbounded = map[string]bool{"math/bits": true}

// CheckCUE reports what a file of CUE can't be evaluated for, whatever it says:
// its size, its depth, what it imports.
func CheckCUE(f *source.File, l *diag.List) bool {
	from, ok := checkText(f, FormatCUE, l)
	return ok && checkSigns(f, from, l) && checkImports(f, from, l)
}

// checkImports refuses packages that are not bounded. Mistakes of syntax are for
// who reads the whole file.
func checkImports(f *source.File, from int, l *diag.List) bool {
	syntax, err := parser.ParseFile(f.Name, f.Text[from:], parser.ImportsOnly)
	if err != nil {
		return true
	}
	for spec := range syntax.ImportSpecs() {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil || !unbounded[path] {
			continue
		}
		start := from + spec.Path.Pos().Offset()
		l.Errorf(diag.CUEValue, source.Span{File: f, Start: start, End: start + len(spec.Path.Value)},
			"the package `%s` cannot be imported here: one call of it can fill the memory", path).
			Helpf("write the value that it computes")
		return false
	}
	return true
}

// EvaluateCUE runs work, which evaluates CUE of the file f and reports into the
// list that it is given. It tells whether work came to an end; where it took too
// long or too much memory, that is reported, work goes on in vain, and nothing
// that it writes may be looked at.
func EvaluateCUE(f *source.File, l *diag.List, work func(l *diag.List)) bool {
	var own diag.List
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		work(&own)
	}()
	const help = "write the values out, or let a program write the file: a pipeline is evaluated each time that it is looked at"
	deadline := time.NewTimer(maxCUETime)
	defer deadline.Stop()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	before := heap()
	for {
		select {
		case failed := <-done:
			if failed != nil {
				panic(failed)
			}
			for _, d := range own {
				l.Add(d)
			}
			return true
		case <-deadline.C:
			l.Errorf(diag.InputLimit, source.Span{File: f}, "evaluating the file takes more than %v", maxCUETime).Helpf(help)
			return false
		case <-look.C:
			if heap() > before+maxCUEMemory {
				l.Errorf(diag.InputLimit, source.Span{File: f}, "evaluating the file takes more than %d MiB of memory", maxCUEMemory>>20).Helpf(help)
				return false
			}
		}
	}
}

// heap is what the objects on the heap take, in bytes.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
