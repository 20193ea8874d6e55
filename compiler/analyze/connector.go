package analyze

import (
	"fmt"
	"io"
	"strings"

	"github.com/flowc-dev/flowc/runtime/catalog"
)

// A Connector is a built-in as people and programs are told about it.
type Connector struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	// Manual is the whole description; what is indented by a tab in it is YAML.
	Manual string         `json:"manual"`
	Source *ConnectorSide `json:"source,omitempty"`
	Sink   *ConnectorSide `json:"sink,omitempty"`
	// Store is what it is as a place for checkpoints.
	Store *ConnectorSide `json:"store,omitempty"`
}

// A ConnectorSide is a connector as a source or as a sink.
type ConnectorSide struct {
	Promise string `json:"promise"`
	// Promises is all that is said of the side, a paragraph each, Promise first.
	Promises []string           `json:"promises"`
	Variants []ConnectorVariant `json:"variants,omitempty"`
	Formats  []string           `json:"formats,omitempty"`
	Config   []ConnectorKey     `json:"config"`
	Meta     []ConnectorKey     `json:"meta,omitempty"`
}

// A ConnectorVariant is another promise, where a key stands in the config (Given) or
// does not.
type ConnectorVariant struct {
	Key     string `json:"key"`
	Given   bool   `json:"given"`
	Promise string `json:"promise"`
}

// A ConnectorKey is a key of a config, or a field of `meta`.
type ConnectorKey struct {
	Name      string   `json:"name"`
	Type      string   `json:"type"`
	Doc       string   `json:"doc"`
	Default   string   `json:"default,omitempty"`
	Values    []string `json:"values,omitempty"`
	Required  bool     `json:"required,omitempty"`
	Secret    bool     `json:"secret,omitempty"`
	PerRecord bool     `json:"perRecord,omitempty"`
	Fixed     bool     `json:"fixed,omitempty"`
	// Only is rows or changes for a key that means something for those alone.
	Only string `json:"only,omitempty"`

	marks []string
}

// Connectors tells what there is to know of the built-ins, by name.
func Connectors() []*Connector {
	var all []*Connector
	for _, c := range catalog.Connectors {
		all = append(all, describe(c))
	}
	return all
}

func describe(c *catalog.Connector) *Connector {
	d := &Connector{Name: c.Name, Summary: c.Summary(), Manual: strings.TrimSpace(c.Manual), Source: describeSide(c.Source, true), Sink: describeSide(c.Sink, false)}
	if c.Store != nil {
		d.Store = &ConnectorSide{Promise: c.StorePromise(), Promises: []string{c.StorePromise()}, Config: describeKeys(c.Store.Keys)}
	}
	return d
}

func describeSide(s *catalog.Side, source bool) *ConnectorSide {
	if s == nil {
		return nil
	}
	// A table's format is the connector's own affair.
	out := &ConnectorSide{Promise: s.Promise(source), Promises: s.Promises(source), Config: describeKeys(s.Keys), Meta: describeKeys(s.Meta)}
	if !s.Table {
		out.Formats = s.Formats
	}
	for _, v := range s.Variants {
		out.Variants = append(out.Variants, ConnectorVariant{v.Key, v.Given, v.Facts.Promise(source)})
	}
	return out
}

func describeKeys(keys []catalog.Key) []ConnectorKey {
	out := []ConnectorKey{}
	for _, k := range keys {
		out = append(out, ConnectorKey{k.Name, k.Type, k.Doc, k.Default, k.Values, k.Required, k.Secret, k.PerRecord, k.Fixed, k.Only, k.Marks()})
	}
	return out
}

// Text writes a connector for people, wrapped at 100 columns.
func (c *Connector) Text(w io.Writer) error {
	t := &text{}
	t.line("%s: %s", c.Name, c.Summary)
	for i, paragraph := range strings.Split(c.Manual, "\n\n") {
		switch {
		case i == 0: // the summary
		case strings.HasPrefix(paragraph, "\t"):
			t.line("\n%s", "    "+strings.ReplaceAll(strings.TrimPrefix(paragraph, "\t"), "\n\t", "\n    "))
		case isList(paragraph):
			t.line("\n%s", paragraph)
		default:
			t.line("\n%s", strings.Join(wrap(paragraph, width), "\n"))
		}
	}
	t.side("As a source", c.Source)
	t.side("As a sink", c.Sink)
	t.side("As a store of checkpoints", c.Store)
	_, err := io.WriteString(w, t.out.String())
	return err
}

// isList tells that the lines of a paragraph mean something.
func isList(paragraph string) bool { return strings.HasPrefix(strings.TrimSpace(paragraph), "- ") }

func (t *text) side(title string, s *ConnectorSide) {
	if s == nil {
		return
	}
	t.section(title)
	for _, p := range s.Promises {
		t.indented(p)
	}
	if len(s.Config) == 0 {
		t.indented("It has no config.")
	} else {
		t.line("\n  config:")
		t.rows(keyRows(s.Config))
	}
	if len(s.Meta) > 0 {
		t.line("\n  meta:")
		t.rows(keyRows(s.Meta))
	}
}

func (t *text) indented(sentence string) {
	for _, line := range wrap(sentence, width-2) {
		t.line("  %s", line)
	}
}

func keyRows(keys []ConnectorKey) []row {
	var rows []row
	for _, k := range keys {
		marks := strings.Join(append([]string{k.Type}, k.marks...), ", ")
		if k.Default != "" {
			marks += ", default " + k.Default
		}
		rows = append(rows, row{k.Name, fmt.Sprintf("(%s) %s", marks, k.Doc)})
	}
	return rows
}
