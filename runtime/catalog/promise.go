package catalog

import (
	"fmt"
	"strings"
)

// Summary is the connector in one sentence, without the words that Go wants at the
// begin of a package's comment.
func (c Connector) Summary() string {
	rest, ok := strings.CutPrefix(c.Doc, "Package ")
	if !ok {
		return c.Doc
	}
	_, rest, _ = strings.Cut(rest, " ")
	rest = strings.TrimPrefix(rest, "is ")
	return strings.ToUpper(rest[:1]) + rest[1:]
}

// Promise says in words what the facts of a source, or of a sink, mean.
func (f Facts) Promise(source bool) string {
	var s []string
	if source {
		switch {
		case f.Answers:
			s = append(s, "Each sender is answered when its records are safe: at least once.")
		case f.Replayable && f.Shifts:
			s = append(s, "It goes back to its checkpoint after a crash; what was inserted before that place since moves records behind it, so some may be there twice: at least once.")
		case f.Replayable:
			s = append(s, "It goes back to its checkpoint after a crash: at least once, effectively once into a sink that keeps the checkpoint with its records.")
		case f.Acks:
			s = append(s, "What was not acknowledged comes again: at least once.")
		default:
			s = append(s, "What it has read and not yet written is lost when the program dies: at most once.")
		}
		switch {
		case f.Depends:
			s = append(s, "Whether it ends by itself depends on its config.")
		case f.Endless:
			s = append(s, "It never ends by itself.")
		default:
			s = append(s, "It ends with its input.")
		}
		if !f.Ordered {
			s = append(s, "Its records have no order.")
		}
		if f.Shared {
			s = append(s, "Copies of the program share what there is.")
		}
		if f.PrunesOnAck {
			s = append(s, "The server lets go of what a checkpoint has: it can't go back further.")
		}
	} else {
		switch {
		case f.WhenAsked:
			s = append(s, "After a crash some records may be there twice: at least once. Where `guarantee: effectively-once` is asked for it commits the checkpoint with its records: effectively once from a source that can go back, with records that become visible with each checkpoint. One sink of a pipeline can.")
		case f.Keeper:
			s = append(s, "It commits the checkpoint with its records: effectively once from a source that can go back.")
			if f.KeyIdempotent {
				s = append(s, "One sink of a pipeline does; of the others, and behind a source that can't go back, some records may be there twice after a crash, unless they have a `key`, by which a record takes its own place.")
			}
		case f.Transactional:
			s = append(s, "It keeps what it wrote and the checkpoint as one: effectively once from a source that can go back.")
		case f.KeyIdempotent:
			s = append(s, "With a `key` (and no `mode: insert`) a record that comes twice counts once: effectively once from a source that can go back. Without, some records may be there twice after a crash: at least once.")
		case f.Idempotent:
			s = append(s, "A record that comes twice counts once: effectively once from a source that can go back.")
		default:
			s = append(s, "After a crash some records may be there twice: at least once.")
		}
	}
	return strings.Join(s, " ")
}

// Promise says in words what a side promises, and what it holds.
func (s *Side) Promise(source bool) string {
	text := s.Facts.Promise(source)
	if n := s.holds(); n > 0 {
		text += " It holds up to " + inWords(n) + " itself."
	}
	return text
}

// Promises is all that there is to say of a source, or of a sink, a paragraph each:
// what it promises, what it does instead where its config says so, and for sources
// what their ranges and changes are.
func (s *Side) Promises(source bool) []string {
	all := []string{s.Promise(source)}
	for _, v := range s.Variants {
		with := "With"
		if !v.Given {
			with = "Without"
		}
		all = append(all, fmt.Sprintf("%s `%s`: %s", with, v.Key, v.Facts.Promise(source)))
	}
	if s.Range != nil && source {
		all = append(all, s.Range.inWords())
	}
	if s.Changes != nil && source {
		all = append(all, "With `out: change of T`: "+s.promiseOfChanges())
	}
	return all
}

// inWords says what the bounds of a range are.
func (r *Range) inWords() string {
	words := map[string]string{
		"number": "numbers of records (offsets, sequence numbers)", "time": "times (`2026-01-31T08:00:00Z`, or a day)",
		"key": "values of the key", "name": "names of files, as they follow the folder that the pattern begins with",
	}
	var bounds []string
	for _, b := range r.Bounds {
		bounds = append(bounds, words[b])
	}
	text := "The bounds of a `range` are " + strings.Join(bounds, " or ") + "."
	if len(r.Without) > 0 {
		text += " It does not go with `" + strings.Join(r.Without, "` and `") + "`."
	}
	if r.Needs != "" {
		text += " It needs `" + r.Needs + "`."
	}
	return text
}

// Marks are the words for what a key is beside its type: required, secret and so on.
func (k *Key) Marks() []string {
	var marks []string
	for _, m := range []struct {
		is   bool
		word string
	}{{k.Required, "required"}, {k.Secret, "secret"}, {k.PerRecord, "per record"}, {k.Fixed, "fixed"}, {k.Only == "rows", "not for changes"}, {k.Only == "changes", "for changes"}} {
		if m.is {
			marks = append(marks, m.word)
		}
	}
	return marks
}

// promiseOfChanges is Promise for a source that gives changes.
func (s *Side) promiseOfChanges() string {
	return s.Changes.Promise(true) + " It holds up to " + inWords(s.Changes.Memory) + " itself."
}

// StorePromise says how a connector that is a store keeps checkpoints, and what it
// holds.
func (c Connector) StorePromise() string {
	return fmt.Sprintf("`delivery: {checkpoint: {store: %s}}`, with these keys beside `store`, keeps the checkpoint there: the program needs no folder that lasts, and a second copy on any machine is refused. It holds up to %s itself.",
		c.Name, inWords(c.Store.holds()))
}

// holds is what a side may hold with its defaults, in bytes.
func (s *Side) holds() int64 {
	bytes := s.Facts.Memory
	for _, k := range s.Keys {
		if n, ok := ParseSize(k.Default); ok {
			bytes += n * k.Holds
		}
	}
	return bytes
}

func inWords(n int64) string {
	switch {
	case n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
