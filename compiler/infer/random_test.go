package infer

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestRandom infers types of random data and reads these with them.
func TestRandom(t *testing.T) {
	n := 60
	if testing.Short() {
		n = 20
	}
	for seed := range uint64(n) {
		g := generator{rand.New(rand.NewPCG(seed, 7))}
		o := Options{File: "random.ndjson", Decimals: g.chance(2), Floats: g.chance(2), Enums: g.chance(2)}
		var sample []byte
		switch g.IntN(3) {
		case 0:
			o.File = "random.csv"
			sample = g.table()
		case 1:
			o.File = "random.json"
			sample = g.records(",\n", 1+g.IntN(80))
			sample = append(append([]byte("["), bytes.TrimSuffix(sample, []byte(",\n"))...), ']')
		default:
			sample = g.records("\n", 1+g.IntN(80))
			if g.chance(3) {
				o.By = "kind"
			}
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r, err := Sample(t.Context(), bytes.NewReader(sample), o)
			if err != nil {
				t.Fatalf("%v\n%s", err, sample)
			}
			roundTrip(t, r, sample)
			if again, err := Sample(t.Context(), bytes.NewReader(sample), o); err != nil || again.YAML != r.YAML {
				t.Errorf("another run: %v\n%s\n%s", err, r.YAML, again.YAML)
			}
		})
	}
}

type generator struct{ *rand.Rand }

func (g generator) chance(n int) bool { return g.IntN(n) == 0 }

func pick[T any](g generator, list ...T) T { return list[g.IntN(len(list))] }

// A plan says how the values of one place are made.
type plan struct {
	kinds  []string
	fields []string
	plans  []plan
	// absent is how rarely a field is missing, 0 never.
	absent []int
	twice  bool
	keys   bool // the names are data
}

var names = []string{
	"id", "ID", "user_id", "userId", "name", "items", "entries", "type", "a b", "1st", "2024", "", "é", "日", "no", "true", "ok?", "end ", "x?? ", "#", "a: b", "<<",
	"\"", "\u2028", "\ufeff", "by", "else", "tags", "Meta", "Error", "in", "string", "@", "`", "null", "~", "line\nend", "a|b", "${env:X}", "- x", "children",
}

func (g generator) plan(depth int) plan {
	all := []string{"null", "bool", "int", "wide", "big", "float", "exp", "string", "word", "time", "duration", "decimal", "list", "object", "object"}
	if depth > 3 {
		all = all[:12]
	}
	p := plan{kinds: []string{pick(g, all...)}, twice: g.chance(20), keys: g.chance(6)}
	if depth == 0 { // a record
		p.kinds[0] = "object"
	}
	for depth > 0 && g.chance(5) {
		p.kinds = append(p.kinds, pick(g, all...))
	}
	for range 1 + g.IntN(7) {
		p.fields = append(p.fields, pick(g, names...))
		p.plans = append(p.plans, plan{})
		p.absent = append(p.absent, pick(g, 0, 0, 2, 10))
	}
	for _, k := range p.kinds {
		if k == "list" || k == "object" {
			for i := range p.plans {
				p.plans[i] = g.plan(depth + 1)
			}
		}
	}
	if g.chance(10) { // objects like themselves
		p.fields[0], p.plans[0] = "children", plan{kinds: []string{"again"}}
	}
	return p
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func (g generator) value(p, above plan, depth int) string {
	switch pick(g, p.kinds...) {
	case "null":
		return "null"
	case "bool":
		return pick(g, "true", "false")
	case "int":
		return fmt.Sprint(g.IntN(2000) - 1000)
	case "wide":
		return fmt.Sprint(g.Int64() - g.Int64())
	case "big":
		return pick(g, "18446744073709551615", "9223372036854775808", "123456789012345678901234567890", "1234567890123456789012345678901234567890")
	case "float":
		return fmt.Sprint(g.Float64()*1000, "0")
	case "exp":
		return pick(g, "1e3", "-1.5E-7", "2e400", "1e-6200", "0.0", "-0")
	case "string":
		return quote(pick(g, "", "a", "x\ny", "\"q\"", "🙂", "007", strings.Repeat("long ", 200)))
	case "word":
		return quote(pick(g, "buy", "sell", "a|b", "it's", "x \"y\""))
	case "time":
		return quote(pick(g, "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.5+01:00"))
	case "duration":
		return quote(pick(g, "1h30m", "250ms"))
	case "decimal":
		return quote(pick(g, "10.50", "-3", "1e5"))
	case "list":
		var parts []string
		for range g.IntN(4) {
			parts = append(parts, g.value(p.plans[0], p, depth+1))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case "object":
		return g.object(p, depth)
	case "again":
		if depth > 6 {
			return "[]"
		}
		return "[" + g.object(above, depth+1) + "]"
	}
	panic("no such kind")
}

func (g generator) object(p plan, depth int) string {
	var parts []string
	used := map[string]bool{}
	for i, name := range p.fields {
		if p.absent[i] > 0 && g.chance(p.absent[i]) || used[name] && !p.twice {
			continue
		}
		if p.keys {
			name = fmt.Sprint(pick(g, "k", "2024-01-"), g.IntN(40))
			if used[name] {
				continue
			}
		}
		used[name] = true
		parts = append(parts, quote(name)+":"+g.value(p.plans[i], p, depth+1))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// records are JSON records of a plan, or a few of them, with an end each.
func (g generator) records(end string, n int) []byte {
	plans := []plan{g.plan(0), g.plan(0), g.plan(0)}[:1+g.IntN(3)]
	var b bytes.Buffer
	for range n {
		i := g.IntN(len(plans))
		record := g.object(plans[i], 0)
		rest := strings.TrimPrefix(record, "{")
		if rest != "}" {
			rest = "," + rest
		}
		tagged := `{"kind":` + pick(g, quote(fmt.Sprint("k", i)), quote(fmt.Sprint("k", i)), quote(fmt.Sprint("k", i)), "7") + `,"v":1` + rest
		b.WriteString(tagged + end)
	}
	return b.Bytes()
}

// table is CSV.
func (g generator) table() []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	header := []string{"first"}
	columns := []plan{{kinds: []string{"int"}}}
	for range g.IntN(8) {
		header = append(header, pick(g, names...))
		p := g.plan(9)
		columns = append(columns, p)
	}
	_ = w.Write(header)
	for range 1 + g.IntN(100) {
		var row []string
		for _, p := range columns {
			cell := g.value(p, p, 0)
			var s string
			if cell == "null" {
				cell = ""
			} else if json.Unmarshal([]byte(cell), &s) == nil {
				cell = s
			}
			row = append(row, cell)
		}
		_ = w.Write(row)
	}
	w.Flush()
	return b.Bytes()
}
