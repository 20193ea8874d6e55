package oracle

import (
	"slices"
	"strings"
)

// fieldNames are wire names with the names that Go's habits give them, among
// them such as the generated code might use itself.
var fieldNames = [][2]string{
	{"id", "ID"},
	{"base_url", "BaseURL"},
	{"userId", "UserID"},
	{"amount", "Amount"},
	{"type", "Type"},
	{"func", "Func"},
	{"x", "X"},
	{"ok", "Ok"},
	{"http_status", "HTTPStatus"},
	{"note", "Note"},
	{"tags", "Tags"},
	{"at", "At"},
	{"in", "In"},
	{"err", "Err"},
	{"d", "D"},
	{"l", "L"},
	{"größe", "Größe"},
	{"a-b", "AB"},
	{"line", "Line"},
	{"record", "Record"},
	{"String", "String"},
	{"error", "Error"},
	{"value", "Value"},
	{"total", "Total"},
	{"region", "Region"},
	{"customerName", "CustomerName"},
	{"n", "N"},
	{"text", "Text"},
	{"x1", "X1"},
	{"a b", "AB"},
	{"extra", "Extra"},
	{"zz", "Zz"},
	{"len", "Len"},
	{"spans", "Spans"},
	{"a<b", "AB"},
	{"name", "Name"},
	{"price", "Price"},
	{"rate", "Rate"},
	{"when", "When"},
	{"took", "Took"},
	{"raw", "Raw"},
}

var typeNames = []string{"Order", "Payment", "Trade", "Line", "Event", "Row", "Spec", "Record", "Meta", "Item", "KV", "Loop", "Decimal", "Time", "Settings", "T"}

// plainNames are those that can be keys of logfmt and names of groups.
var plainNames = slices.DeleteFunc(slices.Clone(fieldNames), func(n [2]string) bool { return strings.Trim(n[0], "abcdefghijklmnopqrstuvwxyz_0123456789") != "" })

// nodeNames begin with such as people give, and end with such as are words of Go
// or of the generated code.
var nodeNames = []string{
	"orders", "events", "big", "rest", "eu-west", "paid", "by_region", "enriched", "clean", "copy2", "toEU", "a", "b2", "valid", "late", "store", "alerts", "archive",
	"to-eu", "to_eu", "in", "out", "run", "main", "spec", "nodes", "stages", "flow", "codec", "decimal", "line", "record", "records",
	"type", "range", "func", "select", "meta", "settings", "err", "l", "d", "map", "set", "string", "int", "len", "append", "nil", "lane", "batch", "data", "start", "end", "next", "text", "item", "joined",
	"newProgram", "hash", "init", "error", "any", "time", "strings", "packet", "rest_packet", "dead-letters", "failed", "values", "iota", "context", "true", "none",
}

// nodeName is a name that no node has yet. Names that differ in their signs alone
// are taken as well, so that not every pipeline has such.
func (m *maker) nodeName() string {
	for {
		name := m.pool(nodeNames)
		key := strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
		if m.names[name] || m.names[key] && !m.one(20) {
			continue
		}
		m.names[name], m.names[key] = true, true
		return name
	}
}

// pool prefers names from the begin of a list.
func (m *maker) pool(list []string) string {
	if m.one(3) {
		return list[m.n(len(list))]
	}
	return list[m.n(min(len(list), 18))]
}
