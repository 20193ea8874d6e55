package flow

import (
	"context"
	"fmt"
)

// A DeadSink is a sink of dead letters, and whether it can be read back.
type DeadSink struct {
	Name     string
	Readable bool
}

// DeadSinks are the program's sinks of dead letters.
func (p *Program) DeadSinks() []DeadSink {
	var list []DeadSink
	for _, s := range p.sinks {
		if s.options.DeadLetter {
			_, ok := s.sink.(LetterReader)
			list = append(list, DeadSink{s.name, ok})
		}
	}
	return list
}

// A BadLetterError is something in a sink of dead letters that is none.
type BadLetterError struct {
	Sink   string
	Number int // from 1, of what the sink gave
	Err    error
}

func (e *BadLetterError) Error() string {
	return fmt.Sprintf("`%s`, letter %d: %v", e.Sink, e.Number, e.Err)
}

// Unwrap is the reason.
func (e *BadLetterError) Unwrap() error { return e.Err }

// Letters calls yield with all dead letters of this pipeline, sink by sink, the
// oldest first. What is none is told to bad, and left out; letters of other
// pipelines are left out as well. The program may run meanwhile.
func (p *Program) Letters(ctx context.Context, bad func(*BadLetterError), yield func(*Letter) error) error {
	for _, s := range p.sinks {
		reader, ok := s.sink.(LetterReader)
		if !ok || !s.options.DeadLetter {
			continue
		}
		number := 0
		err := p.guardCtx(ctx, s.node, func(ctx context.Context) error {
			return reader.Letters(ctx, func(data []byte) error {
				number++
				l, err := ParseLetter(s.name, data)
				switch {
				case err != nil:
					bad(&BadLetterError{s.name, number, err})
				case l.Pipeline == p.info.Name:
					return yield(l)
				}
				return nil
			})
		})
		if err != nil {
			return p.nodeError(s.node, "read letters", err)
		}
	}
	return nil
}
