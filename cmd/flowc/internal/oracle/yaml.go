package oracle

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"
)

// A writer writes the YAML of a pipeline and notes the lines of nodes. How a
// scalar is quoted hangs on its text alone, so that a pipeline is always written
// in the same way.
type writer struct {
	b    strings.Builder
	line int
}

func (w *writer) put(indent int, format string, args ...any) {
	text := strings.Repeat(" ", indent) + fmt.Sprintf(format, args...)
	w.b.WriteString(text)
	w.b.WriteByte('\n')
	w.line += 1 + strings.Count(text, "\n")
}

// style is a number below n that hangs on text.
func style(text string, n int) int {
	h := fnv.New32a()
	h.Write([]byte(text))
	return int(h.Sum32()>>3) % n
}

var (
	plainKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)
	// plainGo is Go that YAML leaves alone.
	plainGo = regexp.MustCompile(`^(in|strings|len|or|append|strconv|fmt)\b[^:#'"{}\[\],&*!|>%@` + "`" + `\n]*$`)
	// wordsOfYAML mean something else than their letters to some parsers.
	wordsOfYAML = regexp.MustCompile(`(?i)^(true|false|null|yes|no|on|off|y|n|~)$`)
)

func quoteKey(s string) string {
	if plainKey.MatchString(s) && !wordsOfYAML.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}

// goScalar puts Go behind a key: as it is, in quotes, or as a block.
func (w *writer) goScalar(indent int, key, text string) {
	if strings.Contains(text, "\n") {
		w.block(indent, key, "|", text)
		return
	}
	switch k := style(text, 6); {
	case k == 0:
		w.block(indent, key, "|", text)
	case k == 1:
		w.block(indent, key, ">-", text)
	case k == 2:
		w.put(indent, "%s: %s", key, doubleQuoted(text))
	case k <= 4 && plainGo.MatchString(text) && !strings.HasSuffix(text, " "):
		w.put(indent, "%s: %s", key, text)
	default:
		w.put(indent, "%s: %s", key, singleQuoted(text))
	}
}

func (w *writer) block(indent int, key, mark, text string) {
	w.put(indent, "%s: %s", key, mark)
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if line == "" {
			w.put(0, "")
			continue
		}
		w.put(indent+2, "%s", line)
	}
}

func singleQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// doubleQuoted escapes what YAML has an escape for.
func doubleQuoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\t", `\t`, "\n", `\n`).Replace(s) + `"`
}

// yaml is the text of the pipeline. It sets the lines of the nodes.
func (p *pipeline) yaml() string {
	w := &writer{}
	w.put(0, "pipeline: %s", p.name)
	if len(p.types) > 0 {
		w.put(0, "types:")
		for _, t := range p.types {
			if style(t.name, 2) == 0 {
				w.put(2, "%s: %s", t.name, t.members())
				continue
			}
			w.put(2, "%s:", t.name)
			for _, f := range t.fields {
				w.put(4, "%s: %s", f.key(), f.typ.spelled())
			}
		}
	}
	if p.common != nil || p.validate != "" {
		w.put(0, "defaults:")
		if p.common != nil {
			w.put(2, "on_error: %s", p.common.spelled())
		}
		if p.validate != "" {
			w.put(2, "validate: %s", p.validate)
		}
	}
	if p.every != "" {
		w.put(0, "delivery: {checkpoint: {every: %s}}", p.every)
	}
	w.put(0, "sources:")
	for _, n := range p.sources {
		w.node(n, w.source)
	}
	if len(p.processors) > 0 {
		w.put(0, "processors:")
		for _, n := range p.processors {
			w.node(n, w.processor)
		}
	}
	w.put(0, "sinks:")
	for _, n := range p.sinks {
		w.node(n, w.sink)
	}
	return w.b.String()
}

func (w *writer) node(n *node, write func(*node)) {
	w.put(2, "%s:", quoteKey(n.name))
	n.line = w.line
	write(n)
	if n.onError != nil {
		w.put(4, "on_error: %s", n.onError.spelled())
	}
	n.last = w.line
}

func (p *policy) spelled() string {
	then := p.then
	if p.dead != nil {
		then = quoteKey(p.dead.name)
	}
	s := "{then: " + then
	if p.retry >= 0 {
		s += fmt.Sprintf(", retry: %d, backoff: 1ms", p.retry)
	}
	if p.maxDead != "" {
		s += ", max_dead: " + p.maxDead
	}
	return s + "}"
}

func (w *writer) source(n *node) {
	w.put(4, "use: file")
	w.put(4, "config: %s", n.config(n.path))
	switch {
	case n.by != "":
		s := "{by: " + quoteKey(n.by)
		for _, v := range n.variants {
			s += ", " + quoteKey(v.value) + ": " + v.typ.name
		}
		if n.other {
			s += ", else: json"
		}
		w.put(4, "out: %s}", s)
	case n.out == tText:
		w.put(4, "out: text")
	default:
		w.put(4, "out: %s", n.out.spelled())
	}
	if n.validate != "" {
		w.put(4, "validate: %s", n.validate)
	}
	w.drops(n)
}

func (n *node) config(path string) string {
	s := "{path: " + doubleQuoted(path)
	if n.named {
		s += ", format: " + n.format
	}
	if n.compression != "" {
		s += ", compression: " + n.compression
	}
	if n.csv != nil {
		s += fmt.Sprintf(", csv: {delimiter: %s", singleQuoted(string(n.csv.delimiter)))
		if n.csv.quote != '"' {
			s += ", quote: " + doubleQuoted(string(n.csv.quote))
		}
		s += "}"
	}
	return s + "}"
}

func (w *writer) drops(n *node) {
	switch {
	case len(n.drop) == 0:
	case n.dropAll:
		w.put(4, "drop: true")
	default:
		var names []string
		for _, d := range n.drop {
			names = append(names, quoteKey(d))
		}
		w.put(4, "drop: [%s]", strings.Join(names, ", "))
	}
}

func (w *writer) from(n *node) {
	var refs []string
	for _, r := range n.from {
		s := r.spelled()
		if !strings.Contains(s, ".") {
			s = quoteKey(s)
		}
		refs = append(refs, s)
	}
	if len(refs) == 1 {
		w.put(4, "from: %s", refs[0])
		return
	}
	w.put(4, "from: [%s]", strings.Join(refs, ", "))
}

func (w *writer) processor(n *node) {
	w.from(n)
	if len(n.lets) > 0 {
		w.put(4, "let:")
		for _, l := range n.lets {
			w.put(6, "%s: %s", l.name, l.spelled)
		}
	}
	if n.parallel > 0 {
		w.put(4, "parallel: %d", n.parallel)
	}
	if n.key != nil {
		w.goScalar(4, "key", n.key.bare())
	}
	if n.unordered {
		w.put(4, "order: none")
	}
	if n.declared {
		w.put(4, "out: %s", n.out.name)
	}
	switch n.verb {
	case vFilter:
		w.goScalar(4, "filter", n.cond.bare())
	case vMap, vCheck:
		if n.body != nil {
			w.goScalar(4, string(n.verb), n.body.text)
			break
		}
		w.assigns(string(n.verb), n.assigns)
	case vSet:
		if len(n.assigns) > 0 {
			w.assigns("set", n.assigns)
		}
		if len(n.unset) > 0 {
			var names []string
			for _, u := range n.unset {
				names = append(names, quoteKey(u))
			}
			w.put(4, "unset: [%s]", strings.Join(names, ", "))
		}
	case vRoute:
		w.put(4, "route:")
		for _, p := range n.ports {
			if p.cond == nil {
				w.put(6, "%s: else", quoteKey(p.name))
				continue
			}
			w.goScalar(6, quoteKey(p.name), p.cond.bare())
		}
	case vFlatmap:
		w.goScalar(4, "flatmap", n.body.text)
	case vParse:
		w.put(4, "parse:")
		w.put(6, "%s", n.parse.spelled())
		if n.parse.text != nil && n.parse.text.text != "in" {
			w.goScalar(6, "text", n.parse.text.bare())
		}
	}
	w.drops(n)
}

func (w *writer) assigns(key string, list []assign) {
	w.put(4, "%s:", key)
	for _, a := range list {
		w.goScalar(6, quoteKey(a.name), a.expr.bare())
	}
}

func (w *writer) sink(n *node) {
	if len(n.from) > 0 {
		w.from(n)
	}
	w.put(4, "use: %s", n.use)
	if n.use == "file" {
		path := n.path
		if n.keyed != nil {
			path = n.keyedAs[0] + "${" + n.keyed.bare() + "}" + n.keyedAs[1]
		}
		w.put(4, "config: %s", n.config(path))
	}
}
