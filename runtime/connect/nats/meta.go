package nats

import (
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/flowc-dev/flowc/runtime/connect/messages"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// Meta is `meta` of a record from a message.
type Meta struct {
	// Subject is what the message was published to.
	Subject string `json:"subject"`
	// Sequence is the message's number in the stream, from 1; 0 for core NATS.
	Sequence int64 `json:"sequence"`
	// Time is when the stream stored the message, or core NATS handed it over.
	Time time.Time `json:"time"`
	// Headers are the message's, by their names; of those that came several times
	// the values are joined with commas.
	Headers map[string]string `json:"headers"`
}

// A note is what is known of a message beside its bytes.
type note struct {
	subject  string
	sequence uint64
	time     time.Time
	header   nats.Header
}

// At makes m the meta of a record.
func (m *Meta) At(b *flow.Batch, r flow.Record) {
	n := messages.Note[note](b, r)
	if n == nil {
		*m = Meta{}
		return
	}
	m.Subject, m.Sequence, m.Time, m.Headers = n.subject, int64(n.sequence), n.time, nil
	if len(n.header) == 0 {
		return
	}
	// A map of its own: records that are kept keep it too.
	m.Headers = make(map[string]string, len(n.header))
	for name, values := range n.header {
		m.Headers[name] = strings.Join(values, ", ")
	}
}

// A place is where a message stands, in dead letters.
type place struct {
	Stream   string `json:"stream,omitempty"`
	Subject  string `json:"subject"`
	Sequence uint64 `json:"sequence,omitempty"`
}

func placeOf(b *flow.Batch, r flow.Record) any {
	n := messages.Note[note](b, r)
	if n == nil {
		return nil
	}
	return place{b.Split, n.subject, n.sequence}
}
