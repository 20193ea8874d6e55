package infer

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/flowc-dev/flowc/compiler/lower"
)

// goName is the Go name of a name in the data, or fallback where it gives none.
func goName(name, fallback string) string {
	if g := lower.GoName(name); g != "" {
		return g
	}
	return fallback
}

// nameOfType is goName for a type. A few names are something else to YAML: a
// type can't be called Null.
func nameOfType(name, fallback string) string {
	g := goName(name, fallback)
	if keywords[strings.ToLower(g)] {
		g += "Record"
	}
	return g
}

// typeName is the name of the type of the records: the one that was asked for,
// or what the sample's name says.
func (o *Options) typeName() (string, error) {
	if o.Name == "" {
		return nameOfFile(o.baseName()), nil
	}
	if keywords[strings.ToLower(o.Name)] {
		return "", usagef("%q can't be the name of a type: to YAML it is something else", o.Name)
	}
	for i, c := range o.Name {
		if i == 0 && !unicode.IsUpper(c) || !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '_' {
			hint := ""
			if near := lower.GoName(o.Name); near != "" {
				hint = ", such as `" + near + "`"
			}
			return "", usagef("%q can't be the name of a type: it is one in Go as well, and begins with a capital%s", o.Name, hint)
		}
	}
	return o.Name, nil
}

// nameOfFile is the type of what a file holds: flights-2k is of Flight.
func nameOfFile(base string) string {
	words := strings.FieldsFunc(base, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	for len(words) > 1 && words[len(words)-1][0]-'0' <= 9 { // a date, a size, a part
		words = words[:len(words)-1]
	}
	for len(words) > 1 && words[0][0]-'0' <= 9 {
		words = words[1:]
	}
	return nameOfType(singular(strings.Join(words, "-")), "Record")
}

// irregular are plurals that the rules below would spoil.
var irregular = map[string]string{
	"series": "series", "species": "species", "news": "news", "movies": "movie", "cookies": "cookie", "children": "child",
	"people": "person", "indices": "index", "vertices": "vertex", "matrices": "matrix", "statuses": "status", "aliases": "alias", "data": "data",
}

// singular makes one of many, in the last word of a name: user_entries is
// user_entry. Where it can't tell, the name stays.
func singular(name string) string {
	at := lastWord(name)
	last := strings.ToLower(name[at:])
	if s, ok := irregular[last]; ok {
		return name[:at] + strings.ToUpper(s[:1]) + s[1:]
	}
	cut := func(n int, add string) string { return name[:len(name)-n] + add }
	has := func(suffix string) bool { return len(last) > len(suffix) && strings.HasSuffix(last, suffix) }
	switch {
	case has("ies") && len(last) > 4:
		return cut(3, "y")
	case has("sses"), has("xes"), has("ches"), has("shes"):
		return cut(2, "")
	case has("ss"), has("us"), has("is"), has("as"), has("os"):
		return name
	case has("s"):
		return cut(1, "")
	}
	return name
}

// lastWord is where the last word of a name begins.
func lastWord(name string) int {
	at, before := 0, ' '
	for i, c := range name {
		switch {
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			at = i + utf8.RuneLen(c)
		case unicode.IsUpper(c) && unicode.IsLower(before):
			at = i
		}
		before = c
	}
	return at
}

// freeName is a name that no type has yet.
func (d *decider) freeName(base string) string {
	name := base
	for i := 2; d.names[name]; i++ {
		name = base + strconv.Itoa(i)
	}
	return name
}
