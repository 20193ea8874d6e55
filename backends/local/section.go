package local

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
)

// A section is a part of a unit: directives in their order, with remarks.
type section struct {
	name  string
	lines []directive
}

// A directive is NAME=VALUE; with a name of "#" it is a remark.
type directive struct{ name, value string }

func (s *section) set(name, value string) { s.lines = append(s.lines, directive{name, value}) }

// all sets several directives, which come as "Name=Value".
func (s *section) all(assignments ...string) {
	for _, a := range assignments {
		name, value, _ := strings.Cut(a, "=")
		s.set(name, value)
	}
}

func (s *section) remark(text string) { s.set("#", text) }

// text is a unit as its file has it, with the overlay of the options in it.
func (u *unit) text(sections []*section) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s%s. DO NOT EDIT.\n", backends.Header, u.layout.VersionSuffix())
	for _, s := range sections {
		u.overlay(s)
		if len(s.lines) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n[%s]\n", s.name)
		for _, d := range s.lines {
			if d.name == "#" {
				b.WriteString("# " + d.value + "\n")
			} else {
				b.WriteString(d.name + "=" + d.value + "\n")
			}
		}
	}
	return []byte(b.String())
}

// overlay puts the directives of the options over those of a section. What it sets takes
// the place of all directives of its name.
func (u *unit) overlay(s *section) {
	over := u.o.Overlay[s.name]
	for _, name := range slices.Sorted(maps.Keys(over)) {
		at := slices.IndexFunc(s.lines, func(d directive) bool { return d.name == name })
		if at < 0 {
			at = len(s.lines)
		}
		s.lines = slices.DeleteFunc(s.lines, func(d directive) bool { return d.name == name })
		at = min(at, len(s.lines))
		for i, value := range values(over[name]) {
			s.lines = slices.Insert(s.lines, at+i, directive{name, value})
		}
	}
}

// values are the values of one directive: none for null.
func values(v json.RawMessage) []string {
	switch {
	case bytes.Equal(v, []byte("null")):
		return nil
	case bytes.HasPrefix(v, []byte("[")):
		var list []text
		if err := json.Unmarshal(v, &list); err != nil {
			panic(err) // the schema lets texts and numbers through
		}
		var all []string
		for _, one := range list {
			all = append(all, string(one))
		}
		return all
	}
	var one text
	if err := json.Unmarshal(v, &one); err != nil {
		panic(err)
	}
	return []string{string(one)}
}

// quote is a word of a directive's value: systemd takes signs and specifiers apart.
func quote(word string) string {
	r := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "%", "%%")
	return `"` + r.Replace(word) + `"`
}

// plain is a path as a directive has it, in which only specifiers mean something.
func plain(path string) string { return strings.ReplaceAll(path, "%", "%%") }
