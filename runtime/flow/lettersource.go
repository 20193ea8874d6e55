package flow

import (
	"context"
	"encoding/json"
	"io"
	"sync"
)

// A Replayer is a source whose loops need more than a record's bytes. Again fills
// b as Read would for that one record: Data has it, Ends its end, Split, Base and
// Offset say where it was, as far as the letter tells; Frame and Aux are the
// source's to set. The source is not open. Without Again they stay empty.
type Replayer interface {
	Again(b *Batch, l *Letter) error
}

// A letterSource stands in the place of a source in a replay: it gives the
// originals of letters, each as a batch of its own.
type letterSource struct {
	p        *Program
	in       *Input
	original Source
	letters  chan *Letter // closed behind the last one

	mu      sync.Mutex
	read    []string      // the IDs of those that were given, in order
	refused map[int]error // of read: those that did not get through
}

// A letterPlace is the position of a letter in the replay. The letter goes along
// until nothing can fail any more that came of it.
type letterPlace struct {
	number int
	letter *Letter
}

// MarshalJSON leaves out what is only for this run.
func (p letterPlace) MarshalJSON() ([]byte, error) { return json.Marshal(p.number) }

// Seek makes the engine treat what it stops at as something that is read again.
func (s *letterSource) Seek(context.Context, map[string]json.RawMessage) error { return nil }

// Open implements Source.
func (s *letterSource) Open(context.Context) error { return nil }

// Close implements Source. The source itself was never opened.
func (s *letterSource) Close(context.Context) error { return nil }

// Read gives the next letter's record.
func (s *letterSource) Read(ctx context.Context, b *Batch) error {
	var l *Letter
	var ok bool
	select {
	case l, ok = <-s.letters:
	case <-ctx.Done():
		return ctx.Err()
	}
	if !ok {
		if err := s.p.replay.failure(); err != nil {
			return err
		}
		return io.EOF
	}
	s.mu.Lock()
	number := len(s.read)
	s.read = append(s.read, l.ID)
	s.mu.Unlock()
	b.Frame, b.Aux = nil, nil
	if err := s.fill(b, l); err != nil {
		return &NodeError{Node: s.in.name, Line: s.p.info.Nodes[s.in.node].Place, Op: "replay " + l.ID, Err: err}
	}
	b.Position = letterPlace{number, l}
	if s.in.options.Answers {
		b.OnDone = func(err error) {
			if err != nil {
				s.refuse(number, err)
			}
		}
	}
	return nil
}

// fill makes a batch of a letter.
func (s *letterSource) fill(b *Batch, l *Letter) error {
	var at plainPlace
	if json.Unmarshal(l.Position, &at) == nil {
		b.Split = at.Split
		switch {
		case s.in.options.Lines && at.Line != nil:
			b.Base = *at.Line - 1
		case !s.in.options.Lines && at.Record != nil:
			b.Base = *at.Record
		}
		if at.Offset != nil {
			b.Offset = *at.Offset
		}
	}
	original := l.Original()
	if rows := s.in.options.Rows; rows != nil {
		if rows.Decode == nil {
			return errNoRows
		}
		return rows.Decode(b.Rows, original)
	}
	b.Grow(len(original))
	b.Data = append(b.Data, original...)
	b.Ends = append(b.Ends, uint32(len(b.Data)))
	if again, ok := s.original.(Replayer); ok {
		return again.Again(b, l)
	}
	return nil
}

// refuse notes that a letter is not replayed, for good.
func (s *letterSource) refuse(number int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused == nil {
		s.refused = map[int]error{}
	}
	if s.refused[number] == nil {
		s.refused[number] = err
	}
}

// Place is where the record was when it was read first.
func (s *letterSource) Place(b *Batch, _ Record) any {
	at, ok := b.Position.(letterPlace)
	if !ok || len(at.letter.Position) == 0 || string(at.letter.Position) == "null" {
		return nil
	}
	return at.letter.Position
}

// tell adds to an error what the letter says about earlier attempts.
func (s *letterSource) tell(e *RecordError, b *Batch) {
	if at, ok := b.Position.(letterPlace); ok {
		e.Attempts += at.letter.Attempts
		if at.letter.Header != "" {
			e.Header = []byte(at.letter.Header)
		}
	}
}

// between are the letters that got through, of those that were given as number
// from to until.
func (s *letterSource) between(from, until int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for i := from; i < until; i++ {
		if s.refused[i] == nil {
			ids = append(ids, s.read[i])
		}
	}
	return ids
}

// look refuses a letter in which the loop finds no record at all: it was handled
// by nobody.
func (s *letterSource) look(b *Batch) {
	if at, ok := b.Position.(letterPlace); ok && s.in.arrived(b) == 0 {
		s.refuse(at.number, errNoRecord)
	}
}
