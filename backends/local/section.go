package local

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/ir/diag"
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
		values, ok := values(over[name])
		if !ok {
			continue // checkOverlay has said so
		}
		at := slices.IndexFunc(s.lines, func(d directive) bool { return d.name == name })
		if at < 0 {
			at = len(s.lines)
		}
		s.lines = slices.DeleteFunc(s.lines, func(d directive) bool { return d.name == name })
		at = min(at, len(s.lines))
		for i, value := range values {
			s.lines = slices.Insert(s.lines, at+i, directive{name, value})
		}
	}
}

// directiveName is the form of a directive's name.
var directiveName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]+$`)

// checkOverlay refuses what is no directive of the sections that there are.
func (u *unit) checkOverlay(sections []*section) {
	there := map[string]bool{}
	for _, s := range sections {
		there[s.name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(u.o.Overlay)) {
		if !there[name] {
			u.list.Errorf(diag.TargetOverlay, u.at("overlay", name), "there is no unit with a section `%s`", name).
				Helpf("a timer comes with `schedule`")
		}
		for _, one := range slices.Sorted(maps.Keys(u.o.Overlay[name])) {
			at := u.at("overlay", name, one)
			if !directiveName.MatchString(one) {
				u.list.Errorf(diag.TargetOverlay, at, "`%s` is not the name of a directive", one).
					Helpf("systemd writes them like `LimitNOFILE`")
			} else if _, ok := values(u.o.Overlay[name][one]); !ok {
				u.list.Errorf(diag.TargetOverlay, at, "`%s` must be a text of one line, a number, true or false, a list of these, or null", one).
					Helpf("a list is a directive for each element, and null takes a directive away")
			}
		}
	}
}

// values are the values of one directive, none for null; not ok are values that no
// directive has.
func values(v json.RawMessage) (all []string, ok bool) {
	var list []json.RawMessage
	if json.Unmarshal(v, &list) != nil {
		list = []json.RawMessage{v}
	} // null is a list of none
	for _, one := range list {
		var t manifest.Literal
		if json.Unmarshal(one, &t) != nil || strings.ContainsAny(string(t), "\n\r") {
			return nil, false
		}
		all = append(all, string(t))
	}
	return all, true
}

// quote is a word of a directive's value: systemd takes signs and specifiers apart.
func quote(word string) string {
	r := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "%", "%%")
	return `"` + r.Replace(word) + `"`
}

// plain is a path as a directive has it, in which only specifiers mean something; where
// it has a space or a quote it is quoted.
func plain(path string) string {
	if strings.ContainsAny(path, " \t\n\"'\\") {
		return quote(path)
	}
	return strings.ReplaceAll(path, "%", "%%")
}
