package driver

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/catalog"
)

var testConnectors = []*catalog.Connector{
	{
		Name: "file", Package: "connect/file",
		Source: &catalog.Side{
			Config: "SourceConfig", New: "NewSource", Formats: []string{"ndjson", "json", "csv", "text", "bytes"},
			Keys: []catalog.Key{
				{Name: "path", Go: "Path", Type: "string", Required: true, Doc: "The file, or a glob."},
				{Name: "compression", Go: "Compression", Type: "string", Values: []string{"none", "gzip", "zstd"}},
				{Name: "follow", Go: "Follow", Type: "bool"},
				{Name: "max_record", Go: "MaxRecord", Type: "size", Default: "4MiB"},
			},
			Meta:  []catalog.Key{{Name: "path", Go: "Path", Type: "string"}, {Name: "line", Go: "Line", Type: "int64"}, {Name: "offset", Go: "Offset", Type: "int64"}},
			Facts: catalog.Facts{Replayable: true, Ordered: true, Depends: true},
		},
		Sink: &catalog.Side{
			Config: "SinkConfig", New: "NewSink", Formats: []string{"ndjson", "json", "csv", "text", "bytes"},
			Keys: []catalog.Key{
				{Name: "path", Go: "Path", Type: "string", Required: true, PerRecord: true},
				{Name: "mode", Go: "Mode", Type: "string", Values: []string{"append", "replace"}},
			},
		},
	},
	{Name: "stdin", Package: "connect/std", Source: &catalog.Side{Config: "SourceConfig", Formats: []string{"ndjson", "json", "csv", "text", "bytes"}, Facts: catalog.Facts{Ordered: true}}},
	{Name: "stdout", Package: "connect/std", Sink: &catalog.Side{Config: "SinkConfig", Formats: []string{"ndjson", "json", "csv", "text", "bytes"}}},
	{Name: "drop", Package: "connect/drop", Sink: &catalog.Side{}},
	{Name: "log", Package: "connect/log", Sink: &catalog.Side{Config: "SinkConfig", Keys: []catalog.Key{{Name: "level", Go: "Level", Type: "string", Values: []string{"debug", "info", "warn", "error"}}}}},
	{Name: "generate", Package: "connect/generate", Source: &catalog.Side{Config: "SourceConfig", New: "NewSource", Keys: []catalog.Key{
		{Name: "count", Go: "Count", Type: "int64"}, {Name: "rate", Go: "Rate", Type: "float64"}, {Name: "seed", Go: "Seed", Type: "uint64"},
	}, Facts: catalog.Facts{Replayable: true, Ordered: true, Depends: true}}},
	{
		Name: "http", Package: "connect/http",
		Source: &catalog.Side{Config: "SourceConfig", Formats: []string{"ndjson", "json"}, Keys: []catalog.Key{
			{Name: "listen", Go: "Listen", Type: "string", Required: true},
			{Name: "path", Go: "Path", Type: "string"},
			{Name: "tls.cert", Go: "TLS.Cert", Type: "string"},
			{Name: "tls.key", Go: "TLS.Key", Type: "string", Secret: true},
			{Name: "idempotency_key", Go: "IdempotencyKey", Type: "string"},
		}, Meta: []catalog.Key{{Name: "remote", Go: "Remote", Type: "string"}, {Name: "headers", Go: "Headers", Type: "map of string"}}, Facts: catalog.Facts{Endless: true, Answers: true}},
		Sink: &catalog.Side{Config: "SinkConfig", Formats: []string{"json", "ndjson"}, Keys: []catalog.Key{
			{Name: "url", Go: "URL", Type: "string", Required: true},
			{Name: "headers", Go: "Headers", Type: "map of string"},
			{Name: "token", Go: "Token", Type: "string", Secret: true},
			{Name: "timeout", Go: "Timeout", Type: "duration", Default: "30s"},
		}},
	},
}

func TestTry(t *testing.T) {
	for _, name := range []string{os.Getenv("TRY")} {
		if name == "" {
			t.Skip()
		}
		r, err := Compile(context.Background(), Options{File: name, Connectors: testConnectors, Verify: true})
		if err != nil {
			t.Error(err)
			if b, ok := err.(*BugError); ok {
				fmt.Println(b.Stack)
			}
		}
		for _, d := range r.Diagnostics {
			fmt.Println(d)
			if !d.Span.IsZero() {
				fmt.Printf("    <%s> %s\n", d.Span.Text(), d.Label)
			}
			for _, l := range d.Labels {
				fmt.Printf("    also %d:%d <%s> %s\n", l.Span.Pos().Line, l.Span.Pos().Column, l.Span.Text(), l.Text)
			}
			for _, n := range d.Notes {
				fmt.Println("    note:", n.Text, n.Span.Pos().Line, n.Span.Text())
			}
			for _, h := range d.Help {
				fmt.Println("    help:", h)
			}
			for _, f := range d.Fixes {
				for _, e := range f.Edits {
					fmt.Printf("    fix: %s <%s> -> %q\n", f.Title, e.Span.Text(), e.New)
				}
			}
		}
		if r.Program != nil {
			fmt.Println(ir.Print(r.Program))
		}
	}
}
