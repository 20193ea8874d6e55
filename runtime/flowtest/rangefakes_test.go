package flowtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// A fakeRange is a part of a fakeServer's log.
type fakeRange struct {
	server             *fakeServer
	breaks             string
	from, to, parallel int
}

func newFakeRange(server *fakeServer, breaks string, from, to, parallel int) flow.Source {
	r := &fakeRange{server, breaks, from, to, parallel}
	asked := fmt.Sprintf("%d..%d", from, to)
	if breaks == "takes one range for another" {
		asked = "all"
	}
	s := flow.InChunks(r, flow.ChunkOptions{Readers: parallel, Range: asked})
	if breaks == "tells the first of its chunks alone" {
		return &forgetful{s.(rangeReader)}
	}
	return s
}

func (r *fakeRange) Cut(_ context.Context, n int) ([]flow.Chunk, error) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	if r.server.away {
		return nil, awayError(false)
	}
	from, to := max(r.from, 0), r.to
	if to < 0 {
		to = len(r.server.log)
	}
	if r.breaks == "reads its end" && r.parallel == 1 && to-from == 30 {
		to++
	}
	var chunks []flow.Chunk
	for i, p := range flow.CutNumbers(int64(from), int64(to), n) {
		if r.breaks == "leaves a gap between chunks" && n > 6 && i > 0 {
			p.From++
		}
		chunks = append(chunks, p.Chunk(fmt.Sprintf("%d..%d", p.From, p.To)))
	}
	return chunks, nil
}

func (r *fakeRange) Chunk(c flow.Chunk) (flow.Source, error) {
	s := &fakeChunk{fakeSource: fakeSource{server: r.server, breaks: r.breaks}}
	err := json.Unmarshal(c.Bounds, &s.bounds)
	s.pos = int(s.bounds.From)
	return s, err
}

// A fakeChunk reads a fakeServer's log to before a record.
type fakeChunk struct {
	fakeSource
	bounds flow.Numbers
}

func (s *fakeChunk) Seek(_ context.Context, at map[string]json.RawMessage) error {
	if s.breaks == "begins its chunks anew" {
		return nil
	}
	return json.Unmarshal(at[""], &s.pos)
}

func (s *fakeChunk) Read(_ context.Context, b *flow.Batch) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if s.server.away {
		return awayError(false)
	}
	if s.pos >= int(s.bounds.To) {
		return io.EOF
	}
	for i := 0; i < 7 && s.pos < int(s.bounds.To); i++ {
		b.Data = append(append(b.Data, s.server.log[s.pos]...), '\n')
		s.pos++
	}
	b.Position = s.pos
	return nil
}

// A rangeReader is what flow.InChunks makes.
type rangeReader interface {
	flow.Source
	flow.Seeker
	flow.Starter
}

// A forgetful range does not tell all of its chunks.
type forgetful struct{ rangeReader }

func (s *forgetful) Start() map[string]any {
	start := s.rangeReader.Start()
	first := ""
	for split := range start {
		if first == "" || split < first {
			first = split
		}
	}
	for split := range start {
		if split != first && len(start) > 6 {
			delete(start, split)
		}
	}
	return start
}
