package schema

import (
	"fmt"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/errors"

	"github.com/flowc-dev/flowc/compiler/parse"
	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// An explainer says why a value does not fit a shape.
type explainer struct {
	l     *diag.List
	found int
}

func (e *explainer) add(d *diag.Diagnostic) *diag.Diagnostic {
	e.found++
	return e.l.Add(d)
}

// value explains a value that does not fit; who is how it is called.
func (e *explainer) value(s *shape, n *parse.Node, who string, at source.Span) {
	if s.fits(n) {
		return
	}
	kind := kinds[n.Kind]
	// Of alternatives the one of the value's kind is meant, where there is one.
	if len(s.any) > 0 {
		var same []*shape
		for _, a := range s.any {
			if a.takes()&kind != 0 {
				same = append(same, a)
			}
		}
		if len(same) == 1 && (n.Kind == parse.Mapping || n.Kind == parse.Sequence) {
			e.value(same[0], n, who, at)
			return
		}
		if len(same) == 0 {
			e.wrongKind(s, n, who)
			return
		}
		e.wrongValue(s, n, who)
		return
	}
	switch {
	case s.kind&kind == 0:
		e.wrongKind(s, n, who)
	case n.Kind == parse.Mapping:
		e.mapping(s, n, who, at)
	case n.Kind == parse.Sequence:
		for i, item := range n.Items {
			if s.items != nil {
				e.value(s.items, item, fmt.Sprintf("entry %d of %s", i+1, who), item.Place())
			}
		}
	case !s.whole && s.is == "":
		// CUE knows what else it must be, see rest.
	default:
		e.wrongValue(s, n, who)
	}
}

// wrongKind reports a list where a name should be, and the like.
func (e *explainer) wrongKind(s *shape, n *parse.Node, who string) {
	at := n.Place()
	if n.Broken() {
		e.found++
		return
	}
	if n.Kind == parse.Null {
		d := diag.Errorf(diag.MissingValue, at, "%s has no value", who)
		if at.Start == at.End {
			// Nothing stands there: show the key before the colon.
			d.Span = before(at)
		}
		e.add(d).Helpf("it must be %s", s.must())
		return
	}
	if s.name == "#Go" {
		if d := parse.GoInYAML(n); d != nil {
			e.add(d)
			return
		}
	}
	d := e.add(diag.Errorf(diag.WrongType, at, "%s must be %s, and this is %s", who, s.must(), n.Kind))
	quoted := *n
	quoted.Kind = parse.String
	scalar := n.Kind != parse.Mapping && n.Kind != parse.Sequence
	if scalar && n.Style == parse.Plain && s.fits(&quoted) {
		d.Replace(n.Span, "'"+n.Text+"'", "make it a string: `'%s'`", n.Text)
	}
	if share := n.Text + "%"; scalar && s.matchesText(share) {
		d.Replace(n.Span, share, "write `%s`", share)
	}
	if s.name == "#OnError" && n.Kind == parse.String {
		then := "{then: " + n.Text + "}"
		d.Replace(n.Span, then, "write `%s`", then)
	}
	if word, ok := map[string]string{"yes": "true", "on": "true", "no": "false", "off": "false"}[strings.ToLower(n.Text)]; ok && n.Kind == parse.String && s.takes()&cue.BoolKind != 0 {
		d.Replace(n.Span, word, "write `%s`", word)
	}
	if n.Kind == parse.String && s.takes()&cue.NumberKind != 0 {
		if plain := strings.TrimSpace(n.Text); looksLikeNumber(plain) {
			d.Replace(n.Span, plain, "write the number without quotes")
		}
	}
}

// matchesText tells whether a text is what a pattern of the shape asks for.
func (s *shape) matchesText(text string) bool {
	if len(s.matches) == 0 {
		return false
	}
	for _, re := range s.matches {
		if !re.MatchString(text) {
			return false
		}
	}
	return true
}

func looksLikeNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// before is the character in front of an empty place, on the same line.
func before(at source.Span) source.Span {
	start := at.Start
	for start > 0 && (at.File.Text[start-1] == ' ' || at.File.Text[start-1] == '\t') {
		start--
	}
	from := start
	for from > 0 && at.File.Text[from-1] != '\n' && at.File.Text[from-1] != ' ' && at.File.Text[from-1] != '{' && at.File.Text[from-1] != ',' {
		from--
	}
	return source.Span{File: at.File, Start: from, End: start}
}

// wrongValue reports a value of the right kind that is none of those wanted.
func (e *explainer) wrongValue(s *shape, n *parse.Node, who string) {
	d := e.add(diag.Errorf(diag.BadValue, n.Place(), "%s must be %s, not `%s`", who, s.must(), n.Text))
	if words := s.words(); len(words) > 0 && n.Kind == parse.String {
		d.Near(n.Text, words)
	}
	switch {
	case s.name == "#Guarantee" && n.Text == "exactly-once":
		d.Replace(n.Place(), "effectively-once", "for a record that may be sent twice and counts once write `effectively-once`")
	case s.name == "#Duration" && n.Kind == parse.Int:
		d.Helpf("say the unit: `%sms`, `%ss` or `%sm`", n.Text, n.Text, n.Text)
	case s.name == "#Duration" && strings.HasSuffix(n.Text, "d"):
		d.Helpf("the units are ns, us, ms, s, m and h")
	}
}

// words are the literals that a shape takes.
func (s *shape) words() []string {
	var out []string
	if w, ok := s.equals.(string); ok {
		out = append(out, w)
	}
	for _, a := range s.any {
		out = append(out, a.words()...)
	}
	return out
}

// mapping explains each key.
func (e *explainer) mapping(s *shape, n *parse.Node, who string, at source.Span) {
	meant := map[string]bool{}
	for _, m := range n.Members {
		f := s.byName[m.Key.Text]
		if f == nil && !s.open && s.rest == nil {
			if f = s.byName[e.unknownKey(s, n, m, who)]; f == nil {
				continue
			}
			meant[f.name] = true
			if !readable(f.shape, m.Value) {
				continue
			}
			m.Rename(f.name)
		}
		switch {
		case f != nil:
			e.value(f.shape, m.Value, "`"+f.name+"`", m.Key.Span)
		case s.rest != nil:
			e.value(s.rest, m.Value, "`"+m.Key.Text+"`", m.Key.Span)
		}
	}
	for _, f := range s.fields {
		if !f.required || n.Get(f.name) != nil || meant[f.name] {
			continue
		}
		e.add(diag.Errorf(diag.MissingKey, at, "%s needs the key `%s`", who, f.name)).
			Helpf("`%s` is %s", f.name, f.shape.must())
	}
}

// readable tells whether a value under a misspelt key is worth reading as that
// of the key that was meant: a scalar of another kind speaks against the guess.
func readable(s *shape, n *parse.Node) bool {
	if n.Kind == parse.Mapping || n.Kind == parse.Sequence {
		return s.takes()&kinds[n.Kind] != 0
	}
	return s.fits(n)
}

// unknownKey reports a key that a mapping can't have, and returns the one that
// was probably meant, "" for none.
func (e *explainer) unknownKey(s *shape, n *parse.Node, m *parse.Member, who string) string {
	d := e.add(diag.Errorf(diag.UnknownKey, m.Key.Span, "`%s` is no key of %s", m.Key.Text, who))
	var free, taken []string
	for _, f := range s.fields {
		if n.Get(f.name) == nil {
			free = append(free, f.name)
		} else {
			taken = append(taken, f.name)
		}
	}
	if d.Near(m.Key.Text, free) {
		return d.Fixes[0].Edits[0].New
	}
	if key := Meant(m.Key.Text, free); key != "" {
		d.Caret("here it is called `%s`", key).Replace(m.Key.Span, key, "write `%s`", key)
		return key
	}
	if near := diag.Nearest(m.Key.Text, taken); near != "" {
		d.Caret("near to `%s`, which is there as well", near).Also(n.Member(near).Key.Span, "here")
		return ""
	}
	if s.byName["config"] != nil && s.byName["use"] != nil {
		d.Helpf("a key of what `use` names stands inside `config`: `config: {%s: …}`", m.Key.Text)
	}
	if len(s.fields) == 0 {
		d.Helpf("remove it: nothing can stand here")
		return ""
	}
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = "`" + f.name + "`"
	}
	d.Notef("the keys are %s", strings.Join(names, ", "))
	return ""
}

// rest reports what only CUE knows about a value, at the places of its paths.
func (e *explainer) rest(err error, n *parse.Node, at source.Span) {
	said := map[string]*diag.Diagnostic{} // one message a place
	for _, one := range errors.Errors(err) {
		format, args := one.Msg()
		if strings.HasPrefix(format, "%d errors in empty disjunction") {
			continue
		}
		target, place := follow(n, one.Path())
		span := at
		if target != nil && target != n {
			span = target.Place()
		}
		message := fmt.Sprintf(format, args...)
		bound := strings.HasPrefix(format, "invalid value %v (out of bound %s)") && len(args) == 2
		switch {
		case bound && place != "":
			message = fmt.Sprintf("`%s` must be %v, not %v", place, args[1], args[0])
		case place != "":
			message = "`" + place + "`: " + message
		}
		if before := said[place]; before != nil {
			if bound { // that a bound is not met says more than that a literal is another
				before.Message = message
			}
			continue
		}
		said[place] = e.add(diag.Errorf(diag.BadValue, span, "%s", message))
	}
	if e.found == 0 {
		e.add(diag.Errorf(diag.BadValue, at, "%v", err))
	}
}

// follow walks a path of CUE's down a value, as far as both go together.
func follow(n *parse.Node, path []string) (*parse.Node, string) {
	var names []string
	for _, step := range path {
		if strings.HasPrefix(step, "#") {
			continue
		}
		var next *parse.Node
		step = strings.Trim(step, `"`)
		if n.Kind == parse.Sequence {
			var i int
			if _, err := fmt.Sscan(step, &i); err == nil && i < len(n.Items) {
				next = n.Items[i]
			}
		} else {
			next = n.Get(step)
		}
		names = append(names, step)
		if next == nil {
			break
		}
		n = next
	}
	return n, strings.Join(names, ".")
}
