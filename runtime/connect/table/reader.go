package table

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A Page is some rows of a table, those behind a key, in the order of the key.
type Page struct {
	// Rows is how many there are, Last the key of the last one as JSON.
	Rows int
	Last json.RawMessage
	// More tells that there were more than the page was to hold.
	More bool
}

// A Database reads pages.
type Database interface {
	// Open connects, and checks that the query and the key are what they should
	// be.
	Open(ctx context.Context) error
	// Page appends the rows behind a key (nil: all) to dst, a JSON object and a
	// line end each: limit rows at most, and no more once there are size bytes.
	// An error comes with no rows.
	Page(ctx context.Context, after json.RawMessage, limit, size int, dst []byte) ([]byte, Page, error)
	// Close lets go of everything.
	Close() error
}

// A Reader is a source that reads a table by a key that grows.
type Reader struct {
	db    Database
	every time.Duration
	after json.RawMessage
	limit int
	rows  int64 // that have been read since it was opened
	wait  bool  // until every has passed: all there was has been read
	ended bool
}

// The number of rows that are asked for at once: as many as a block holds.
const (
	firstPage   = 256
	largestPage = 16384
)

// NewReader returns a reader that ends when there is no more, or looks again
// every so often where every is not 0.
func NewReader(db Database, every time.Duration) *Reader {
	return &Reader{db: db, every: every, limit: firstPage}
}

// A position is the key of the last row that was read.
type position struct {
	Key json.RawMessage `json:"key"`
}

// Seek goes on where an earlier run was.
func (r *Reader) Seek(_ context.Context, positions map[string]json.RawMessage) error {
	raw, ok := positions[""]
	if !ok {
		return nil
	}
	var p position
	if err := json.Unmarshal(raw, &p); err != nil || len(p.Key) == 0 {
		return fmt.Errorf("the position of an earlier run is no key: %s", raw)
	}
	r.after = p.Key
	return nil
}

// Open connects.
func (r *Reader) Open(ctx context.Context) error { return r.db.Open(ctx) }

// Read reads the next page.
func (r *Reader) Read(ctx context.Context, b *flow.Batch) error {
	for {
		if r.ended {
			return io.EOF
		}
		if r.wait {
			t := time.NewTimer(r.every)
			select {
			case <-ctx.Done():
				t.Stop()
				return ctx.Err()
			case <-t.C:
			}
			r.wait = false
		}
		before, limit := len(b.Data), r.limit
		if b.Limit > 0 {
			limit = min(limit, b.Limit)
		}
		data, page, err := r.db.Page(ctx, r.after, limit, flow.BlockSize, b.Data)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		b.Data = data
		if !page.More {
			r.wait, r.ended = r.every > 0, r.every == 0
		}
		if page.Rows == 0 {
			continue
		}
		r.limit = min(largestPage, max(firstPage/16, flow.BlockSize*page.Rows/max(1, len(data)-before)))
		r.after = page.Last
		r.rows += int64(page.Rows)
		b.Position = position{r.after}
		return nil
	}
}

// Close lets go of everything.
func (r *Reader) Close(context.Context) error { return r.db.Close() }
