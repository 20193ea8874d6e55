package component

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/source"
)

// A configText is a config as these tests write it: one "key: value" a line,
// nested by indentation, read into settings with exact places. It is a small
// part of YAML: scalars, [a, b] lists of scalars, "- " lists of mappings.
type configText struct {
	file *source.File
	rest []configLine
}

type configLine struct {
	indent, start int
	text          string
}

func settings(t *testing.T, text string) ([]ir.Setting, source.Span) {
	t.Helper()
	text = "config:\n" + strings.TrimPrefix(text, "\n")
	c := &configText{file: source.NewFile("config.yaml", "", []byte(text))}
	offset := 0
	for _, line := range strings.SplitAfter(text, "\n") {
		trimmed := strings.TrimLeft(line, " ")
		indent := len(line) - len(trimmed)
		if body := strings.TrimRight(trimmed, "\n"); body != "" {
			// An item of a list is a mapping two columns further in.
			for strings.HasPrefix(body, "- ") {
				c.rest = append(c.rest, configLine{indent, offset + indent, "-"})
				body, indent = body[2:], indent+2
			}
			c.rest = append(c.rest, configLine{indent, offset + indent, body})
		}
		offset += len(line)
	}
	root := c.entries(0)[0]
	var out []ir.Setting
	for _, e := range root.Value.Entries {
		out = append(out, ir.Setting{Key: e.Key, Value: e.Value, Span: e.Span})
	}
	return out, root.Span
}

func (c *configText) entries(indent int) []ir.Entry {
	var out []ir.Entry
	for len(c.rest) > 0 && c.rest[0].indent == indent && c.rest[0].text != "-" {
		line := c.rest[0]
		c.rest = c.rest[1:]
		key, text, _ := strings.Cut(line.text, ":")
		e := ir.Entry{Key: key, Span: source.Span{File: c.file, Start: line.start, End: line.start + len(key)}}
		if text = strings.TrimSpace(text); text != "" {
			start := line.start + strings.LastIndex(line.text, text)
			e.Value = c.scalar(text, start)
		} else if len(c.rest) > 0 && c.rest[0].text == "-" {
			e.Value = &ir.Value{Kind: "list", Span: e.Span}
			for len(c.rest) > 0 && c.rest[0].text == "-" && c.rest[0].indent >= indent {
				item := c.rest[0]
				c.rest = c.rest[1:]
				e.Value.Items = append(e.Value.Items, &ir.Value{
					Kind: "map", Entries: c.entries(item.indent + 2),
					Span: source.Span{File: c.file, Start: item.start, End: item.start + 1},
				})
			}
		} else {
			inner := indent
			if len(c.rest) > 0 {
				inner = c.rest[0].indent
			}
			e.Value = &ir.Value{Kind: "map", Span: e.Span}
			if inner > indent {
				e.Value.Entries = c.entries(inner)
			}
		}
		out = append(out, e)
	}
	return out
}

func (c *configText) scalar(text string, start int) *ir.Value {
	v := &ir.Value{Span: source.Span{File: c.file, Start: start, End: start + len(text)}}
	switch {
	case text[0] == '[':
		v.Kind = "list"
		inner := strings.Trim(text, "[]")
		for _, item := range strings.Split(inner, ", ") {
			if item != "" {
				v.Items = append(v.Items, c.scalar(item, start+strings.Index(text, item)))
			}
		}
		return v
	case text == "null":
		v.Kind = "null"
		return v
	case strings.HasPrefix(text, "${env:"):
		v.Kind, v.Parts = "string", []ir.Part{{Kind: ir.Env, Text: strings.Trim(text, "${}")[4:]}}
		return v
	case strings.HasPrefix(text, "${in."):
		v.Kind, v.Parts = "string", []ir.Part{{Kind: ir.Record, Text: text}}
		return v
	case text == "true" || text == "false":
		v.Kind = "bool"
	case text[0] == '"':
		v.Kind, text = "string", strings.Trim(text, `"`)
	case regexp.MustCompile(`^[-+]?(0x[0-9a-f]+|[0-9_]+)$`).MatchString(text):
		v.Kind = "int"
	case regexp.MustCompile(`^[-+]?([0-9]*\.?[0-9]+(e[0-9]+)?|\.inf)$`).MatchString(text):
		v.Kind = "float"
	default:
		v.Kind = "string"
	}
	v.Parts = []ir.Part{{Kind: ir.Literal, Text: text, Span: v.Span}}
	return v
}

func describeSettings(out []ir.Setting) string {
	var b strings.Builder
	for _, s := range out {
		fmt.Fprintf(&b, "%s %s = %s\n", s.Key, s.Type, describeValue(s.Value))
	}
	return b.String()
}

func describeValue(v *ir.Value) string {
	var parts []string
	switch v.Kind {
	case "list":
		for _, i := range v.Items {
			parts = append(parts, describeValue(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case "map":
		for _, e := range v.Entries {
			parts = append(parts, e.Key+": "+describeValue(e.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	for _, p := range v.Parts {
		parts = append(parts, string(p.Kind)+" "+p.Text)
	}
	return strings.Join(parts, "+")
}

// TestConfig checks configs, good and bad, and compares every word and place.
func TestConfig(t *testing.T) {
	refs := []string{"./pricing.New", "./pricing.Plain", "./pricing.Filter", "./pricing.Bare", "./pricing.NewBare2", "./pricing.Flow", "./pricing.Store"}
	f := open(t, "shop", refs...)
	components := map[string]*ir.GoRef{}
	for _, ref := range refs {
		role := Processor
		if ref == "./pricing.Store" {
			role = Sink
		}
		components[ref] = f.component(ref, role)
	}
	got := "=== the struct\n" + describeType(components["./pricing.New"].Config) + "\n"
	for _, c := range []struct{ ref, text string }{
		{"./pricing.New", `
  currency: EUR
  base_url: http://a
  workers: 4
  big: 18446744073709551615
  timeout: 1m30s
  since: 2026-01-31T15:04:05Z
  debug: true
  rate: 3
  narrow: 0.5
  hosts: [a, b]
  ports: [80, 0x1bb]
  labels:
    a.b: x
    c: y
  any: [1, two]
  raw: 7
  key: aGVsbG8=
  price: 10.50
  addr: 127.0.0.1
  pattern: a+
  amount: 12.5
  mode: fast
  custom: 5
  retry: 3
  tls:
    ca: /ca
    cert:
      file: /cert
  proxy:
    url: http://p
  routes:
  - path: /a
    weight: 2
  - path: /b
    maxSize: 9
  zones:
    eu:
      path: /eu
  region: eu
`},
		{"./pricing.New", `
  currency: "${env:CURRENCY}"
  baseURL: ${env:URL}
  timeout: ${env:TIMEOUT}
  workers: ${env:WORKERS}
  tls.ca: /ca
  tls.cert.file: ${env:CERT}
  labels.a.b: x
  labels.c: y
  retry: null
  hosts: null
`},
		{"./pricing.New", `
  curency: EUR
  nothing: 1
  base_url: a
  baseUrl: b
  onError: x
  done: 1
  grid: [1, 2]
  hidden: x
  tls:
    sa: x
  proxy.ulr: x
`},
		{"./pricing.New", `
  currency: 5
  base_url: true
  workers: 400
  big: -1
  timeout: 30
  since: yesterday
  debug: yes
  rate: fast
  narrow: 1e300
  hosts: a
  ports: [80, 99999, x]
  labels: x
  limits:
    a: x
    b: 010
  key: "**"
  price: true
  addr: [a]
  amount: abc
  retry: 1.5
  tls: x
  tls.ca.x: 1
  routes:
  - weight: 1
  - path: /a
    wait: 2
    weight: heavy
  zones:
    eu: x
  hosts.x: 1
  mode: ${in.ID}
  region: null
  rate.x: 1
  custom: null
`},
		{"./pricing.New", `
  proxy:
  tls.ca: x
`},
		{"./pricing.New", ``},
		{"./pricing.Plain", "\n  currency: EUR\n"},
		{"./pricing.Filter", "\n  currency: EUR\n"},
		{"./pricing.Store", "\n  currency: EUR\n"},
		{"./pricing.Bare", "\n  currency: EUR\n"},
		{"./pricing.NewBare2", "\n  currency: EUR\n"},
		{"./pricing.Plain", ""},
		{"./pricing.Flow", "\n  network: testnet\n  limits: [1, 2]\n  network: again\n  tls.ca: ${env:CA}\n  id: ${in.ID}\n"},
	} {
		f.diags = nil
		in, at := settings(t, c.text)
		before := describeSettings(in)
		out := f.CheckConfig(components[c.ref], in, at, &f.diags)
		if after := describeSettings(in); after != before {
			t.Errorf("the settings that were given changed:\n%s\n%s", before, after)
		}
		got += "=== " + c.ref + "\n" + strings.TrimPrefix(c.text, "\n") + "---\n" + describeSettings(out) + show(f.diags)
	}
	golden(t, "config", got)
}
