package infer

import (
	"fmt"
	"strconv"
	"strings"
)

// farthest is the column where comments begin at the latest, where the line is
// not longer itself.
const farthest = 40

// block is the result as YAML.
func (r *Result) block() string {
	var b strings.Builder
	which := ""
	if r.More {
		which = "the first "
	}
	if r.Format == "columns" {
		fmt.Fprintf(&b, "# from the columns of %s\ntypes:\n", fileText(r.File))
	} else {
		fmt.Fprintf(&b, "# from %s%s of %s\ntypes:\n", which, plural(r.Records, "record"), fileText(r.File))
	}
	for _, n := range r.Types {
		n.block(&b)
	}
	b.WriteString("\n")
	for _, note := range r.Notes {
		b.WriteString("# " + note + "\n")
	}
	for line := range strings.Lines(r.Source.block()) {
		b.WriteString("# " + line)
	}
	return b.String()
}

// block writes a declared type.
func (n *Named) block(b *strings.Builder) {
	if n.Type.Kind != "struct" {
		l := lines{}
		l.add("  "+n.Name+": "+n.Type.yaml(), n.Notes)
		l.write(b)
		return
	}
	l := lines{}
	l.add("  "+n.Name+":", n.Notes)
	l.write(b)
	n.Type.block(b, "    ")
	if name, ok := n.Type.unnamed(); ok {
		fmt.Fprintf(b, "    # What is left out is written again where nothing changes the record. To read it, declare the type\n"+
			"    # in Go, with the name in a tag (such as `json:%s`), and use that instead: ./model.%s\n", strconv.Quote(name), n.Name)
	}
}

// unnamed is the first field of a struct, or of one in its place, that is left
// out for its name.
func (t *Type) unnamed() (string, bool) {
	for _, f := range t.Fields {
		if f.unnamed && (f.Name != "" || len(t.Fields) == 1) {
			return f.Name, true
		}
		if name, ok := f.Type.unnamed(); ok {
			return name, true
		}
	}
	return "", false
}

// block writes the fields of a struct.
func (t *Type) block(b *strings.Builder, indent string) {
	l := lines{}
	for _, f := range t.Fields {
		name := f.Name
		if f.Optional {
			name += "?"
		}
		key := yamlText(name)
		if f.Optional && plain.MatchString(f.Name) && !keywords[strings.ToLower(f.Name)] {
			key = name
		}
		head := indent + key + ":"
		switch {
		case f.LeftOut != "":
			l.flush(b)
			notes := append([]string{"left out: " + f.LeftOut}, f.Notes...)
			fmt.Fprintf(b, "%s# %s: %s   (%s)\n", indent, yamlText(f.Name), f.Type.yaml(), strings.Join(notes, "; "))
		case f.Type.Kind == "struct":
			l.add(head, f.Notes)
			l.flush(b)
			f.Type.block(b, indent+"  ")
		default:
			l.add(head+" "+f.Type.yaml(), f.Notes)
		}
	}
	l.flush(b)
}

// lines are lines whose comments stand below each other.
type lines struct {
	text  []string
	notes [][]string
}

func (l *lines) add(text string, notes []string) {
	l.text = append(l.text, text)
	l.notes = append(l.notes, notes)
}

func (l *lines) flush(b *strings.Builder) {
	l.write(b)
	*l = lines{}
}

func (l *lines) write(b *strings.Builder) {
	width := 0
	for i, t := range l.text {
		if n := len([]rune(t)); len(l.notes[i]) > 0 && n <= farthest {
			width = max(width, n)
		}
	}
	for i, t := range l.text {
		b.WriteString(t)
		if len(l.notes[i]) > 0 {
			fmt.Fprintf(b, "%*s  # %s", max(0, width-len([]rune(t))), "", strings.Join(l.notes[i], "; "))
		}
		b.WriteByte('\n')
	}
}

// block is a source as YAML.
func (s *Source) block() string {
	var config []string
	add := func(key, value string) { config = append(config, key+": "+value) }
	if s.Path != "" {
		add("path", yamlText(s.Path))
	}
	if s.Format != "" {
		add("format", s.Format)
	}
	if s.Compression != "" {
		add("compression", s.Compression)
	}
	if s.Delimiter != "" {
		add("csv", "{delimiter: "+strconv.Quote(s.Delimiter)+"}")
	}
	if s.MaxRecord > 0 {
		add("max_record", fmt.Sprintf("%dMiB", s.MaxRecord>>20))
	}
	if s.Node != "" {
		return "sources:\n  " + yamlText(s.Node) + ":\n    out: " + s.Out.yaml() + "\n"
	}
	text := "sources:\n  " + s.name() + ":\n    use: " + s.Use + "\n"
	if len(config) > 0 {
		text += "    config: {" + strings.Join(config, ", ") + "}\n"
	}
	return text + "    out: " + s.Out.yaml() + "\n"
}

// name is that of the node: the file's, in small letters.
func (s *Source) name() string {
	o := Options{File: s.Path}
	words := strings.FieldsFunc(strings.ToLower(o.baseName()), func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') })
	name := strings.Join(words, "-")
	if name == "" || name[0] <= '9' || len(name) > 63 {
		return "input"
	}
	return name
}

// yaml is the value of `out`.
func (o *Out) yaml() string {
	if o.By == "" {
		return o.Type
	}
	parts := []string{"by: " + yamlText(o.By)}
	for _, v := range o.Values {
		parts = append(parts, yamlText(v.Value)+": "+v.Type)
	}
	if o.Else {
		parts = append(parts, "else: json")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
