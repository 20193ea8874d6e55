package generate

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// SourceRange is what the bounds of a range are: the numbers of records.
const SourceRange = "number"

// A numbered range are the records of some numbers.
type numbered struct {
	config   SourceConfig
	from, to int64
	n        int
}

func newRange(c SourceConfig, r connect.Range) (flow.Source, error) {
	r = r.Open()
	s := &numbered{config: c, to: c.Count, n: max(1, r.Parallel)}
	for _, bound := range []struct {
		key, text string
		at        *int64
	}{{"from", r.From, &s.from}, {"to", r.To, &s.to}} {
		if bound.text == "" {
			continue
		}
		n, err := strconv.ParseInt(bound.text, 10, 64)
		if err != nil || n < 0 {
			return nil, &connect.RangeError{Key: bound.key, Reason: fmt.Sprintf("it is the number of a record, from 0, and not %q", bound.text)}
		}
		*bound.at = n
	}
	switch {
	case r.To == "" && c.Count == 0:
		return nil, &connect.RangeError{Key: "to", Reason: "there is no end: say how many there are (`count`), or where the range ends"}
	case r.To != "" && c.Count > 0 && s.to > c.Count:
		return nil, &connect.RangeError{Key: "to", Reason: fmt.Sprintf("it is %d, and `count` is %d", s.to, c.Count)}
	case s.from > s.to && r.To == "":
		return nil, &connect.RangeError{Key: "from", Reason: fmt.Sprintf("it is %d, and `count` is %d", s.from, c.Count)}
	case s.from > s.to:
		return nil, r.Backwards()
	}
	if s.config.Rate > 0 { // all of them together keep to it
		s.config.Rate /= float64(s.n)
	}
	return flow.InChunks(s, flow.ChunkOptions{Readers: s.n, Range: r.String()}), nil
}

// Cut cuts the numbers.
func (s *numbered) Cut(_ context.Context, n int) ([]flow.Chunk, error) {
	var chunks []flow.Chunk
	for _, part := range flow.CutNumbers(s.from, s.to, n) {
		chunks = append(chunks, part.Chunk(fmt.Sprintf("%d..%d", part.From, part.To)))
	}
	return chunks, nil
}

// Chunk is the source of some numbers.
func (s *numbered) Chunk(c flow.Chunk) (flow.Source, error) {
	var part flow.Numbers
	if err := json.Unmarshal(c.Bounds, &part); err != nil {
		return nil, fmt.Errorf("the chunk %s: %w", c.Name, err)
	}
	config := s.config
	config.Count = part.To
	return &chunkSource{Source: Source{config: config, next: part.From}, from: part.From}, nil
}

// A chunkSource hands out the numbers of a chunk.
type chunkSource struct {
	Source
	from int64
}

// Open starts the clock of the rate.
func (s *chunkSource) Open(ctx context.Context) error {
	s.from = s.next
	return s.Source.Open(ctx)
}

// Done is how many records have been made.
func (s *chunkSource) Done() int64 { return s.next - s.from }
