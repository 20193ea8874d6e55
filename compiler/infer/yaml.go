package infer

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	// plain are texts that YAML takes for strings without quotes, also inside of
	// brackets.
	plain = regexp.MustCompile(`^(\.{0,2}/)*[A-Za-z_][A-Za-z0-9_./+@-]*$`)
	// sentence is plain with single spaces.
	sentence = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./+@-]*( [A-Za-z0-9_./+@-]+)*$`)
	// word is a value of an enum without quotes.
	word = regexp.MustCompile(`^[A-Za-z0-9_.+@-]+( [A-Za-z0-9_.+@-]+)*$`)
)

// keywords are plain texts that YAML, of one version or another, takes for
// something else than a string. (That y and n are, few readers know.)
var keywords = map[string]bool{
	"null": true, "true": true, "false": true, "yes": true, "no": true, "on": true, "off": true,
}

// yamlText writes a string as YAML, with quotes where it needs them.
func yamlText(s string) string {
	if plain.MatchString(s) && !keywords[strings.ToLower(s)] {
		return s
	}
	return strconv.Quote(s)
}

// yaml is a type as YAML on one line, "" for a struct, which has lines of its
// own.
func (t *Type) yaml() string {
	switch t.Kind {
	case "list":
		return "[" + t.Elem.yaml() + "]"
	case "enum":
		list := enumText(t.Values)
		if strings.ContainsAny(list, `"'`) {
			return "'" + strings.ReplaceAll(list, "'", "''") + "'"
		}
		return list
	case "struct":
		return ""
	}
	return t.text()
}

// enumText is an enum as the language reads it.
func enumText(values []string) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = v
		if !word.MatchString(v) {
			// Within the quotes of an enum another quote is an escape.
			q := strconv.Quote(v)
			words[i] = `"` + strings.ReplaceAll(q[1:len(q)-1], `\"`, `\x22`) + `"`
		}
	}
	return strings.Join(words, " | ")
}

// quoteName shows a name from the data in a sentence.
func quoteName(name string) string {
	if sentence.MatchString(name) {
		return "`" + name + "`"
	}
	return strconv.Quote(name)
}

// fileText shows the name of a file in a comment.
func fileText(name string) string {
	quoted := strconv.Quote(name)
	if quoted == `"`+name+`"` {
		return name
	}
	return quoted
}
