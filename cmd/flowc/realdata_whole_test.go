package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/infer"
)

// A wholeFile is a file all of whose fields a pipeline reads and writes again.
type wholeFile struct {
	path   string
	node   string
	result infer.Result
	types  string
	source string
}

// TestRealDataWhole types each file of the data, decodes all fields of all
// records with these types, and compares what is written with the data. Files
// whose types have no name in common share a pipeline.
func TestRealDataWhole(t *testing.T) {
	r := newRealData(t)
	dir := t.TempDir()
	var batches [][]*wholeFile
	var taken []map[string]bool
	for i, path := range r.files(t) {
		f := r.whole(t, dir, path, fmt.Sprint("Record", i))
		if f.result.Types[0].Type.Kind != "struct" {
			continue // a map or a list has no fields to name
		}
		n := 0
		for n < len(batches) && slices.ContainsFunc(f.result.Types, func(n2 *infer.Named) bool { return taken[n][n2.Name] }) {
			n++
		}
		if n == len(batches) {
			batches, taken = append(batches, nil), append(taken, map[string]bool{})
		}
		batches[n] = append(batches[n], f)
		for _, named := range f.result.Types {
			taken[n][named.Name] = true
		}
	}
	count := 0
	for i, files := range batches {
		count += len(files)
		r.run(t, dir, wholePipeline(fmt.Sprint("whole", i), files))
	}
	if count < 50 {
		t.Errorf("only %d files", count)
	}
	for _, f := range slices.Concat(batches...) {
		t.Run(f.path, func(t *testing.T) {
			got, err := os.ReadFile(filepath.Join(dir, f.path+".out.ndjson"))
			if err != nil {
				t.Fatal(err)
			}
			if f.result.Format == "csv" {
				sameRecords(t, f.path, got, r.table(t, f))
				return
			}
			var names []string
			for _, field := range f.fields() {
				names = append(names, strconv.Quote(field.Name))
			}
			// jq takes a quoted name in {…} for that member.
			sameRecords(t, f.path, got, r.jq(t, f.path, `if type == "array" then .[] else . end | {`+strings.Join(names, ", ")+`}`))
		})
	}
}

// files are those of the data that infer reads.
func (r *realData) files(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, ext := range []string{"json", "csv", "tsv"} {
		paths, err := filepath.Glob(filepath.Join(r.folder, "*."+ext))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			out = append(out, filepath.Base(p))
		}
	}
	return out
}

// whole infers the types of a file, under a name of its own.
func (r *realData) whole(t *testing.T, dir, path, name string) *wholeFile {
	t.Helper()
	f := &wholeFile{path: path}
	f.types, f.source, f.node = r.infer(t, dir, path, "--name", name)
	var answer struct{ Result infer.Result }
	if err := json.Unmarshal(r.output(t, dir, r.flowc, "infer", path, "--name", name, "--format", "json"), &answer); err != nil {
		t.Fatal(err)
	}
	f.result = answer.Result
	f.source = strings.Replace(f.source, "  "+f.node+":", "  "+name+":", 1)
	f.node = name
	return f
}

// fields are those of the records that the type has.
func (f *wholeFile) fields() []*infer.Field {
	return slices.DeleteFunc(slices.Clone(f.result.Types[0].Type.Fields), func(f *infer.Field) bool { return f.LeftOut != "" })
}

// wholePipeline makes new records of all fields, so that each is decoded and
// encoded.
func wholePipeline(name string, files []*wholeFile) string {
	var types, sources, processors, sinks strings.Builder
	for _, f := range files {
		types.WriteString(f.types)
		sources.WriteString(f.source + "\n")
		fmt.Fprintf(&processors, "  Copy%s:\n    from: %s\n    map:\n", f.node, f.node)
		for _, field := range f.fields() {
			fmt.Fprintf(&processors, "      %q: in.%s\n", field.Name, field.Go)
		}
		fmt.Fprintf(&sinks, "  Out%s: {from: Copy%s, use: file, config: {path: %s.out.ndjson}}\n", f.node, f.node, f.path)
	}
	return "pipeline: " + name + "\ntypes:\n" + types.String() + "sources:\n" + sources.String() + "processors:\n" + processors.String() + "sinks:\n" + sinks.String()
}

// table is the records of CSV as JSON, by the types that were found.
func (r *realData) table(t *testing.T, f *wholeFile) []byte {
	t.Helper()
	data, err := os.Open(filepath.Join(r.folder, f.path))
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	rows := csv.NewReader(data)
	if d := f.result.Source.Delimiter; d != "" {
		rows.Comma = rune(d[0])
	}
	all, err := rows.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, row := range all[1:] {
		record := map[string]any{}
		for _, field := range f.fields() {
			cell := row[slices.Index(all[0], field.Name)]
			switch field.Type.Kind {
			case "int", "int64", "uint64", "number", "float64", "bool":
				if cell != "" {
					record[field.Name] = json.RawMessage(strings.ToLower(cell))
				}
			default:
				record[field.Name] = cell
			}
		}
		line, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(line, '\n'))
	}
	return out.Bytes()
}
