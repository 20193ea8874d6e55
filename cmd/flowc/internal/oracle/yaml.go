package oracle

import (
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"
)

// A writer writes a pipeline in YAML and notes the lines of nodes. How a scalar
// is quoted hangs on its text alone, so that a pipeline is always written in the
// same way.
type writer struct {
	b    strings.Builder
	line int
}

func (w *writer) put(indent int, text string) {
	w.b.WriteString(strings.Repeat(" ", indent))
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

func singleQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// doubleQuoted escapes what YAML has an escape for.
func doubleQuoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\t", `\t`, "\n", `\n`).Replace(s) + `"`
}

// yaml is the text of the pipeline in YAML. It sets the lines of the nodes.
func (p *pipeline) yaml() string {
	w := &writer{}
	w.members(0, p.document())
	return w.b.String()
}

func (w *writer) members(indent int, d *doc) {
	for _, m := range d.members {
		w.member(indent, quoteKey(m.key), m)
	}
}

func (w *writer) member(indent int, key string, m docMember) {
	switch {
	case m.value.kind == dGo:
		w.goScalar(indent, key, m.value.text)
	case m.value.kind == dMapping && !m.value.inline:
		w.put(indent, key+":")
		if m.node != nil {
			m.node.line = w.line
		}
		w.members(indent+2, m.value)
		if m.node != nil {
			m.node.last = w.line
		}
	default:
		w.put(indent, key+": "+m.value.onLine())
	}
}

// onLine is a value on one line.
func (d *doc) onLine() string {
	var parts []string
	switch d.kind {
	case dMapping:
		for _, m := range d.members {
			parts = append(parts, quoteKey(m.key)+": "+m.value.onLine())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case dList:
		for _, item := range d.items {
			parts = append(parts, item.onLine())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case dName:
		return quoteKey(d.text)
	case dQuoted:
		return doubleQuoted(d.text)
	case dSingle:
		return singleQuoted(d.text)
	}
	return d.text
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
		w.put(indent, key+": "+doubleQuoted(text))
	case k <= 4 && plainGo.MatchString(text) && !strings.HasSuffix(text, " "):
		w.put(indent, key+": "+text)
	default:
		w.put(indent, key+": "+singleQuoted(text))
	}
}

func (w *writer) block(indent int, key, mark, text string) {
	w.put(indent, key+": "+mark)
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if line == "" {
			w.put(0, "")
			continue
		}
		w.put(indent+2, line)
	}
}
