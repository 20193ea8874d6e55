package table

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// A Span is what the keys of some rows are between. Keys are as JSON, nil where an
// end is open.
type Span struct {
	// From is the first key that belongs to it, To the first that does not;
	// Through in its place is the last one that does.
	From    json.RawMessage `json:"from,omitempty"`
	To      json.RawMessage `json:"to,omitempty"`
	Through json.RawMessage `json:"through,omitempty"`
}

// A Surveyor is a Database that can say what a range of it has, before it is read.
type Surveyor interface {
	Database
	// Bound reads a bound of a range: the key that is meant by a text, as JSON.
	Bound(ctx context.Context, text string) (json.RawMessage, error)
	// Order tells whether a key comes before another one, or is the same.
	Order(ctx context.Context, key, other json.RawMessage) (before bool, err error)
	// Count is how many rows there are in a span, and the key of the last one; nil
	// where there are none.
	Count(ctx context.Context, in Span) (rows int64, last json.RawMessage, err error)
	// Key is that of a row in a span, by its number from 0 in the order of keys; nil
	// where there are fewer.
	Key(ctx context.Context, in Span, row int64) (json.RawMessage, error)
	// Part is the database of the rows in a span, which is not open.
	Part(in Span) (Database, error)
}

// A Range is the rows of a table whose keys are between two.
type Range struct {
	Asked connect.Range
	// New makes the database, which is not open.
	New func() (Surveyor, error)
}

// Source returns the source that reads it.
func (r *Range) Source() flow.Source {
	r.Asked = r.Asked.Open()
	return flow.InChunks(r, flow.ChunkOptions{Readers: r.Asked.Parallel, Range: r.Asked.String()})
}

// Cut cuts the rows into chunks of as many each. They are counted for it, in the
// order of the key's index: keys may lie anywhere.
func (r *Range) Cut(ctx context.Context, n int) ([]flow.Chunk, error) {
	db, err := r.New()
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := db.Open(ctx); err != nil {
		return nil, err
	}
	span, err := r.span(ctx, db)
	if err != nil {
		return nil, err
	}
	rows, last, err := db.Count(ctx, span)
	if err != nil || rows == 0 {
		return nil, err
	}
	if span.To == nil {
		span.Through = last // what comes later is not of this range
	}
	var chunks []flow.Chunk
	for _, part := range flow.CutNumbers(0, rows, n) {
		here, size := span, part.To-part.From
		var next json.RawMessage
		if part.To < rows {
			// From where the one before has ended on, so that the index is walked
			// once.
			if next, err = db.Key(ctx, span, size); err != nil {
				return nil, err
			}
		}
		if next != nil {
			here.To, here.Through = next, nil
		}
		chunk, err := chunkOf(here, size)
		if err != nil {
			return nil, err
		}
		chunks = append(chunks, chunk)
		if span.From = next; next == nil {
			break // it was the last one, or rows have gone meanwhile
		}
	}
	return chunks, nil
}

// span reads the bounds of the range.
func (r *Range) span(ctx context.Context, db Surveyor) (span Span, err error) {
	bound := func(key, text string, at *json.RawMessage) {
		if text == "" || err != nil {
			return
		}
		var wrong error
		if *at, wrong = db.Bound(ctx, text); wrong != nil {
			err = wrong
			if class := flow.ClassOf(wrong); class == flow.Fatal || class == flow.Permanent {
				err = &connect.RangeError{Key: key, Reason: wrong.Error()}
			}
		}
	}
	bound("from", r.Asked.From, &span.From)
	bound("to", r.Asked.To, &span.To)
	if err != nil || span.From == nil || span.To == nil {
		return span, err
	}
	if ordered, err := db.Order(ctx, span.From, span.To); err != nil || ordered {
		return span, err
	}
	return span, r.Asked.Backwards()
}

func chunkOf(span Span, size int64) (flow.Chunk, error) {
	bounds, err := json.Marshal(span)
	return flow.Chunk{Name: span.name(), Bounds: bounds, Size: size}, err
}

// name says to people which part of a table it is.
func (s Span) name() string {
	word := func(key json.RawMessage) string {
		var text string
		if json.Unmarshal(key, &text) == nil {
			return text
		}
		return string(key)
	}
	end := ".." + word(s.To)
	if s.Through != nil {
		end = "..=" + word(s.Through)
	}
	return word(s.From) + end
}

// Chunk is the source of the rows of a chunk.
func (r *Range) Chunk(c flow.Chunk) (flow.Source, error) {
	var span Span
	if err := json.Unmarshal(c.Bounds, &span); err != nil {
		return nil, fmt.Errorf("the chunk %s: %w", c.Name, err)
	}
	db, err := r.New()
	if err != nil {
		return nil, err
	}
	part, err := db.Part(span)
	if err != nil {
		return nil, err
	}
	return &chunkReader{Reader: NewReader(part, 0)}, nil
}

// A chunkReader reads the rows of a chunk, and counts them.
type chunkReader struct {
	*Reader
}

// Done is how many rows have been read.
func (r *chunkReader) Done() int64 { return r.rows }

// Where is the WHERE of a span, with a space before it; "" for all rows.
func (s Span) Where(column string, quote func(json.RawMessage) (string, error)) (string, error) {
	condition, err := s.Condition(column, quote)
	if condition != "" {
		condition = " WHERE " + condition
	}
	return condition, err
}

// Condition is a span as SQL has it, of a column and with keys that quote writes;
// "" for all rows.
func (s Span) Condition(column string, quote func(json.RawMessage) (string, error)) (string, error) {
	sql := ""
	for _, end := range []struct {
		op  string
		key json.RawMessage
	}{{">=", s.From}, {"<", s.To}, {"<=", s.Through}} {
		if end.key == nil {
			continue
		}
		quoted, err := quote(end.key)
		if err != nil {
			return "", err
		}
		if sql != "" {
			sql += " AND "
		}
		sql += column + " " + end.op + " " + quoted
	}
	return sql, nil
}

// KeySQL is the query of the key that Surveyor.Key asks for; value is the column as
// it is read.
func KeySQL(value, column, from, where string, row int64) string {
	return "SELECT " + value + " FROM " + from + where + " ORDER BY " + column + " LIMIT 1 OFFSET " + strconv.FormatInt(row, 10)
}
