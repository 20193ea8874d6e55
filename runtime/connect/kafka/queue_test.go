package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// Messages that find no room in a batch come in the next one.
func TestQueueHasTheRest(t *testing.T) {
	of := partition{"t", 0}
	q := &queue{chunks: []chunk{{of: of}}}
	const count = 10_000 // more than one batch takes
	for i := range count {
		q.chunks[0].records = append(q.chunks[0].records, &kgo.Record{Offset: int64(i), Value: []byte("x")})
	}
	for next, batches := int64(0), 0; next < count; batches++ {
		if len(q.chunks) == 0 || batches > 100 {
			t.Fatalf("%d messages in %d batches", next, batches)
		}
		b := &flow.Batch{}
		from, behind := q.fill(b)
		if from != of || behind != next+int64(len(b.Ends)) {
			t.Fatalf("%v: %d messages behind %d end before %d", from, len(b.Ends), next, behind)
		}
		next = behind
	}
	if len(q.chunks) != 0 {
		t.Error("something is left")
	}
}

// A partition that is another member's now is not acknowledged any more.
func TestRevoked(t *testing.T) {
	s := &GroupSource{owned: map[partition]owned{}}
	s.assigned(t.Context(), nil, map[string][]int32{"t": {0, 1}})
	s.revoked(t.Context(), nil, map[string][]int32{"t": {1}})
	if _, ours := s.owned[partition{"t", 1}]; ours || len(s.owned) != 1 {
		t.Errorf("owned %v", s.owned)
	}
}
