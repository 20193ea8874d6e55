package oracle

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A posting is what a sink of use http says beside its records: where each goes,
// and how. The one who runs the program is the server, and writes each record
// that comes as a line of a file, behind what came with it (see [PostedLine]).
type posting struct {
	name   string // the begin of the path
	single bool
	// What `meta` sets, nil where it does not.
	method, path, contentType, idempotency *expr
}

// ServerVariable is the variable of the environment with the URL of the server,
// without a path.
const ServerVariable = "FLOWC_RANDOM_URL"

// PostedFile is the file, in the folder where the program runs, with what came
// at a path.
func PostedFile(uri string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(uri, "/"), "/")
	return "posted/" + name
}

// PostedLine is a record with what came with it.
func PostedLine(method, uri, contentType, idempotency string, record []byte) []byte {
	return fmt.Appendf(nil, "%s %s %q %q %s", method, uri, contentType, idempotency, record)
}

// posts tells whether a pipeline sends records to a server.
func (p *pipeline) posts() bool {
	return slices.ContainsFunc(p.sinks, func(n *node) bool { return n.posting != nil })
}

// post makes a sink one that sends its records to a server.
func (m *maker) post(n *node) {
	s := m.scope(n)
	s.risky = false
	p := &posting{name: fmt.Sprintf("out%d", len(m.p.sinks)), single: m.one(3)}
	text := func() *expr {
		if m.risky && m.one(2) { // it may hold anything
			return s.varying(tString, 2)
		}
		return s.call(tString, "strconv.Itoa(%s)", func(v []value) value { return fmt.Sprint(v[0]) }, s.varying(tInt, 2))
	}
	if m.one(3) {
		p.method = s.call(tString, `[]string{"POST", "PUT", "PATCH"}[max(0, %s%%3)]`, func(v []value) value {
			return []string{"POST", "PUT", "PATCH"}[max(0, v[0].(int64)%3)]
		}, s.varying(tInt, 1))
	}
	for _, e := range []**expr{&p.path, &p.contentType, &p.idempotency} {
		if m.one(2) {
			*e = text()
		}
	}
	for _, e := range p.exprs() {
		for _, l := range e.lets {
			if !slices.Contains(n.lets, l) {
				n.lets = append(n.lets, l)
			}
		}
	}
	n.use, n.format, n.csv, n.posting = "http", "ndjson", nil, p
}

// exprs are the expressions of a posting that are there.
func (p *posting) exprs() []*expr {
	return slices.DeleteFunc([]*expr{p.method, p.path, p.contentType, p.idempotency}, func(e *expr) bool { return e == nil })
}

// document adds what stands in the pipeline.
func (p *posting) document(n *node, d *doc) {
	config := flow().add("url", quoted("${env:"+ServerVariable+"}/"+p.name))
	if n.in.kind == kString { // which is sent as text, else
		config.add("format", word("ndjson"))
	}
	if p.single {
		config.add("single", yes())
	}
	d.add("config", config)
	meta := block()
	for _, m := range []struct {
		key  string
		expr *expr
	}{{"method", p.method}, {"path", p.path}, {"content_type", p.contentType}, {"idempotency_key", p.idempotency}} {
		if m.expr != nil {
			meta.add(m.key, goText(m.expr.bare()))
		}
	}
	if len(meta.members) > 0 {
		d.add("meta", meta)
	}
}

// line is a record as the server notes it; a record that can't be sent is a
// fault.
func (p *posting) line(v *env, record []byte) []byte {
	text := func(e *expr, otherwise string) string {
		if e == nil {
			return otherwise
		}
		if s := e.eval(v).(string); s != "" {
			return s
		}
		return otherwise
	}
	uri := "/" + p.name
	method, path := text(p.method, "POST"), text(p.path, "")
	kind := "application/x-ndjson"
	if p.single || p.idempotency != nil {
		kind = "application/json"
	}
	kind, key := text(p.contentType, kind), text(p.idempotency, "")
	for _, e := range strings.Split(strings.Trim(path, "/"), "/") {
		switch e {
		case ".", "..":
			panic(fault{code: "url", msg: "it leads elsewhere"})
		case "":
		default:
			uri += "/" + url.PathEscape(e)
		}
	}
	for _, h := range []string{kind, key} {
		if strings.ContainsFunc(h, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
			panic(fault{code: "header", msg: "no header"})
		}
	}
	return PostedLine(method, uri, strings.Trim(kind, " \t"), strings.Trim(key, " \t"), record)
}
