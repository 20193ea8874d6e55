package costs

import (
	"fmt"
	"strings"
)

// A probe is a pipeline with the file that stands for what it reads.
type probe struct{ name, text, sample string }

// probes are pipelines that have all parts of a program, each over records of several
// sizes, with more and fewer fields.
func probes(sets []dataset) []probe {
	var all []probe
	add := func(s dataset, name, text, sample string) {
		all = append(all, probe{s.name + "-" + name, text, sample})
	}
	for _, s := range sets {
		most := len(s.fields)
		for _, n := range []int{1, most / 2, most} {
			add(s, fmt.Sprintf("map%d", n), s.typed("", "", s.mapped(n), "ndjson"), s.ndjson)
		}
		for _, validate := range []string{"full", "needed"} {
			for _, n := range []int{1, most / 2} {
				add(s, fmt.Sprintf("%s%d", validate, n), s.typed("", ", validate: "+validate, s.mapped(n), "ndjson"), s.ndjson)
			}
		}
		add(s, "json", s.typed(", format: json", "", s.mapped(most/2), "json"), s.ndjson)
		add(s, "text", "pipeline: p\nsources: {in: {use: file, config: {path: in.txt, format: text}}}\nprocessors: {p: {from: in, filter: len(in) > 5}}\nsinks: {out: {from: p, use: file, config: {path: out.txt}}}\n", s.ndjson)
		add(s, "raw", s.typed("", "", "  f1: {from: in, filter: in.Amount > 1}\n  p: {from: f1, filter: 'len(in.ID) > 3 && in.Account != \"x\"'}\n", "ndjson"), s.ndjson)
		add(s, "set1", s.typed("", "", "  p: {from: in, set: {account: in.ID}}\n", "ndjson"), s.ndjson)
		add(s, "set3", s.typed("", "", "  p: {from: in, set: {account: in.ID, id: in.Account, more: in.Amount * 2}}\n", "ndjson"), s.ndjson)
		add(s, "check", s.typed("", "", "  c: {from: in, check: {a: in.ID != \"\"}}\n  p: {from: c, check: {a: in.Amount > 0, b: in.Account != \"\", c: len(in.ID) > 2}}\n", "ndjson"), s.ndjson)
		add(s, "route", s.typed("", "", "  r: {from: in, route: {a: in.Amount > 1000, b: in.Amount > 100, c: 'in.Account == \"x\"', d: else}}\n  p: {from: [r.a, r.b, r.c, r.d], filter: in.ID != \"\"}\n", "ndjson"), s.ndjson)
		add(s, "table", s.typed("", "", s.mapped(most), "table"), s.ndjson)
		if s.csv == "" {
			add(s, "flatmap", s.typed("", "", "  p: {from: in, flatmap: in.Balances, out: Balance}\n", "ndjson"), s.ndjson)
			continue
		}
		for _, n := range []int{1, most} {
			add(s, fmt.Sprintf("csv%d", n), s.typed(", format: csv", "", s.mapped(n), "csv"), s.csv)
		}
		add(s, "logfmt", "pipeline: p\ntypes:\n"+s.types+"sources: {in: {use: file, config: {path: in.log, format: text}}}\nprocessors:\n  l: {from: in, parse: {logfmt: {}}, out: E}\n"+strings.Replace(s.mapped(most), "from: in", "from: l", 1)+"sinks: {out: {from: p, use: file, config: {path: out.ndjson}}}\n", s.logfmt)
	}
	return all
}

// typed is a pipeline that reads records of the type E, has processors of which the last
// is p, and writes a format.
func (s *dataset) typed(config, source, processors, format string) string {
	sink := fmt.Sprintf("use: file, config: {path: out.%s, format: %s}", format, format)
	if format == "table" {
		sink = "use: sqlite, config: {path: out.db, table: t}"
	}
	return "pipeline: p\ntypes:\n" + s.types + "sources: {in: {use: file, config: {path: in.ndjson" + config + "}, out: E" + source + "}}\nprocessors:\n" + processors + "sinks: {out: {from: p, " + sink + "}}\n"
}

// mapped is a map of the first n fields.
func (s *dataset) mapped(n int) string {
	var b strings.Builder
	b.WriteString("  p: {from: in, map: {")
	for i, f := range s.fields[:n] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s: in.%s", f.wire, f.goName)
	}
	b.WriteString("}}\n")
	return b.String()
}
