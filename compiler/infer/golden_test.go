package infer

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestGoldens runs the cases of testdata: txtar archives with the command as
// comment, the sample, and what comes out (a section `want`, or `error`).
// FLOWC_UPDATE=1 writes these anew.
func TestGoldens(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			o := command(t, string(a.Comment))
			sample := a.Files[0]
			if o.File != "-" && o.File != sample.Name {
				t.Fatalf("the command reads %s, and the sample is %s", o.File, sample.Name)
			}
			section, got := "want", ""
			r, err := Sample(t.Context(), bytes.NewReader(sample.Data), o)
			if err != nil {
				section, got = "error", err.Error()+"\n"
			} else {
				got = r.YAML
				roundTrip(t, r, sample.Data)
			}
			if os.Getenv("FLOWC_UPDATE") != "" {
				a.Files = []txtar.File{sample, {Name: section, Data: []byte(got)}}
				if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if len(a.Files) != 2 || a.Files[1].Name != section {
				t.Fatalf("expected a section %s; FLOWC_UPDATE=1 writes it:\n%s", section, got)
			}
			if want := string(a.Files[1].Data); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// command reads `infer --by type ledger.ndjson`, and passes over other lines.
func command(t *testing.T, text string) Options {
	t.Helper()
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] != "infer" {
			continue
		}
		var o Options
		delimiter := ""
		f := flag.NewFlagSet("infer", flag.ContinueOnError)
		f.SetOutput(io.Discard)
		f.StringVar(&o.Format, "as", "", "")
		f.StringVar(&o.Name, "name", "", "")
		f.StringVar(&o.By, "by", "", "")
		f.StringVar(&delimiter, "delimiter", "", "")
		f.Int64Var(&o.Limit, "sample", 0, "")
		f.BoolVar(&o.Decimals, "decimals", false, "")
		f.BoolVar(&o.Floats, "floats", false, "")
		f.BoolVar(&o.Enums, "enums", false, "")
		if err := f.Parse(words[1:]); err != nil || f.NArg() != 1 {
			t.Fatalf("%s: %v", line, err)
		}
		if delimiter != "" {
			o.Delimiter = delimiter[0]
		}
		o.File = f.Arg(0)
		return o
	}
	t.Fatal("no command")
	return Options{}
}
