package sandbox

import (
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/sandbox"
)

// A reader finds the names of what a pipeline reads and writes.
type reader struct {
	lookup func(string) (string, bool)
}

// text is a value when its variables are known; star stands for what a record says. ok is
// false where something is not known.
func (r reader) text(v *ir.Value, star string) (s string, ok bool) {
	if v == nil {
		return "", false
	}
	for _, p := range v.Parts {
		switch p.Kind {
		case ir.Literal:
			s += p.Text
		case ir.Env:
			value, there := r.lookup(p.Text)
			if !there && !p.HasDefault {
				return "", false
			}
			if !there {
				value = p.Default
			}
			s += value
		case ir.Record:
			if star == "" {
				return "", false
			}
			s += star
		default:
			return "", false
		}
	}
	return s, s != ""
}

// value is that of a key, nil for none.
func value(config []ir.Setting, key string) *ir.Value {
	for _, s := range config {
		if s.Key == key {
			return s.Value
		}
	}
	return nil
}

// texts are the items of a key that are known.
func (r reader) texts(config []ir.Setting, key string) (all []string) {
	for _, v := range addresses(value(config, key)) {
		if s, ok := r.text(v, ""); ok {
			all = append(all, s)
		}
	}
	return all
}

// source finds what a source reads: it would wait for it for ever.
func (r reader) source(s *sandbox.Service, op *ir.Source, database string, rows *ir.Type, changes bool) {
	switch s.Kind {
	case sandbox.Kafka:
		for _, t := range r.texts(op.Config, "topics") {
			if !strings.HasPrefix(t, "^") {
				addTo(&s.Topics, t)
			}
		}
	case sandbox.NATS:
		name, ok := r.text(value(op.Config, "stream"), "")
		if !ok {
			return
		}
		subject, ok := r.text(value(op.Config, "subject"), "")
		if !ok {
			subject = name + ".>"
		}
		addStream(s, name, subject)
	case sandbox.Postgres:
		name, ok := r.text(value(op.Config, "table"), "")
		if !ok || rows == nil || len(rows.Fields) == 0 || slices.ContainsFunc(s.Tables, func(t sandbox.Table) bool { return t.Name == name && t.Database == database }) {
			return
		}
		key := r.texts(op.Config, "key")
		if len(key) == 0 && rows.Field("id") != nil { // changes are told by a key
			key = []string{"id"}
		}
		s.Tables = append(s.Tables, table(database, name, rows, key, changes))
	}
}

// sink finds what a sink writes to; tables it makes itself.
func (r reader) sink(s *sandbox.Service, op *ir.Sink) {
	switch s.Kind {
	case sandbox.Kafka:
		if t, ok := r.text(value(op.Config, "topic"), ""); ok {
			addTo(&s.Topics, t)
		}
	case sandbox.NATS:
		subject, ok := r.text(value(op.Config, "subject"), "*")
		if !ok {
			return
		}
		subject = wild(subject)
		name, ok := r.text(value(op.Config, "stream"), "")
		if !ok {
			name = streamName(subject)
		}
		addStream(s, name, subject)
	}
}

// wild makes each element of a subject that a record has a part in one that is any.
func wild(subject string) string {
	parts := strings.Split(subject, ".")
	for i, p := range parts {
		if strings.Contains(p, "*") {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, ".")
}

// streamName is what the stream of a subject is called that nobody has named.
func streamName(subject string) string {
	var words []string
	for p := range strings.SplitSeq(subject, ".") {
		if p != "*" && p != ">" {
			words = append(words, strings.ToUpper(p))
		}
	}
	if len(words) == 0 {
		return "SANDBOX"
	}
	return strings.Join(words, "_")
}

// addStream adds a subject to a stream. One that a stream has already is not added again:
// no subject is in two of them.
func addStream(s *sandbox.Service, name, subject string) {
	for i := range s.Streams {
		for _, have := range s.Streams[i].Subjects {
			if covers(have, subject) {
				return
			}
		}
	}
	for i := range s.Streams {
		if s.Streams[i].Name == name {
			s.Streams[i].Subjects = slices.DeleteFunc(s.Streams[i].Subjects, func(have string) bool { return covers(subject, have) })
			s.Streams[i].Subjects = append(s.Streams[i].Subjects, subject)
			return
		}
	}
	s.Streams = append(s.Streams, sandbox.Stream{Name: name, Subjects: []string{subject}})
}

// covers tells whether a subject with wildcards has all of another one.
func covers(wide, narrow string) bool {
	w, n := strings.Split(wide, "."), strings.Split(narrow, ".")
	for i, p := range w {
		switch {
		case p == ">":
			return i < len(n)
		case i >= len(n) || n[i] == ">" || p != "*" && p != n[i]:
			return false
		}
	}
	return len(w) == len(n)
}

func addTo(list *[]string, s string) {
	if !slices.Contains(*list, s) {
		*list = append(*list, s)
	}
}
