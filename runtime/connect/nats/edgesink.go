package nats

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"

	"github.com/flowc-dev/flowc/runtime/codec/envelope"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// An EdgeSink is the begin of an edge between processes: it puts records into
// envelopes, by partition, and publishes these.
//
// The records of a partition and an epoch are numbered, so that a reader can tell one
// that comes twice. A SteadyEdgeSink keeps the numbers in the checkpoint; any other
// begins an epoch each time that it starts, and so does one of whose records the server
// has refused some.
type EdgeSink struct {
	inner  *Sink
	config EdgeSinkConfig
	key    int // in Out.Keys; -1 for none
	text   bool

	numbers numbering
	turn    int // the partition of the next record without a key

	boxes []box
	out   flow.Out
}

// A numbering is what a writer keeps in the checkpoint.
type numbering struct {
	Epoch uint64 `json:"epoch"`
	// Next is the number of the next record, by partition.
	Next []uint64 `json:"next"`
}

// A box is an envelope that is being filled.
type box struct {
	partition int
	data      []byte
	records   []int // their places in the packet
}

// NewEdgeSink returns the begin of an edge.
func NewEdgeSink(c EdgeSinkConfig, out connect.Output) (flow.Sink, error) {
	s := &EdgeSink{config: c, key: slices.Index(out.Keys, "key"), text: out.Format == "text" || out.Format == "ndjson"}
	link, err := newLink(c.access(out.Node))
	s.inner = &Sink{link: link, config: SinkConfig{Stream: c.Stream}, subject: 0, id: -1}
	s.out.Keys = [][]string{nil}
	if c.Steady {
		return &SteadyEdgeSink{s}, err
	}
	return s, err
}

// A SteadyEdgeSink is the begin of an edge to which the same records come in the same
// order after a crash: it goes on with their numbers.
type SteadyEdgeSink struct{ *EdgeSink }

// Restore goes on with the numbers of the checkpoint.
func (s *SteadyEdgeSink) Restore(_ context.Context, state json.RawMessage) error {
	var n numbering
	if err := json.Unmarshal(state, &n); err != nil {
		return err
	}
	if len(n.Next) == s.config.Partitions {
		s.numbers = n
	}
	return nil
}

// State is the numbers.
func (s *SteadyEdgeSink) State() (any, error) {
	return numbering{s.numbers.Epoch, slices.Clone(s.numbers.Next)}, nil
}

// Messages says that it has to know where each record ends.
func (s *EdgeSink) Messages() {}

// begin starts an epoch.
func (s *EdgeSink) begin() error {
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return err
	}
	s.numbers = numbering{Epoch: binary.LittleEndian.Uint64(random[:]), Next: make([]uint64, s.config.Partitions)}
	return nil
}

// Open connects, and makes the stream.
func (s *EdgeSink) Open(ctx context.Context) error {
	if s.numbers.Next == nil {
		if err := s.begin(); err != nil {
			return err
		}
	}
	if err := s.inner.Open(ctx); err != nil {
		return err
	}
	err := makeStream(ctx, s.inner.link, s.config.Stream, s.config.Partitions, s.config.MaxBytes, s.config.Replicas)
	if err != nil {
		s.inner.link.close()
	}
	return err
}

// Write publishes the records and waits until the stream has them. Of each partition
// one envelope at a time is under way, so that none can overtake another.
func (s *EdgeSink) Write(ctx context.Context, o *flow.Out) error {
	turn := s.fill(o)
	failed := map[int]error{}
	for sent := 0; sent < len(s.boxes); {
		n := s.round(sent)
		err := s.inner.Write(ctx, &s.out)
		var partial *flow.PartialError
		switch {
		case errors.As(err, &partial):
			for i, err := range partial.Failed {
				for _, record := range s.boxes[sent+i].records {
					failed[record] = err
				}
			}
		case err != nil:
			return err // all of it again, with the same numbers
		}
		sent += n
	}
	s.turn = turn
	if len(failed) > 0 {
		// What is tried again would have other numbers than after a crash.
		if err := s.begin(); err != nil {
			return err
		}
		return &flow.PartialError{Failed: failed}
	}
	for _, b := range s.boxes {
		s.numbers.Next[b.partition] += uint64(len(b.records))
	}
	return nil
}

// fill puts the records of a packet into boxes, by rounds: in each round a partition
// has one box at most. It returns the partition of the next record without a key.
func (s *EdgeSink) fill(o *flow.Out) (turn int) {
	s.boxes = s.boxes[:0]
	turn = s.turn
	limit := flow.BlockSize
	if s.inner.on != nil {
		limit = min(limit, int(s.inner.on.MaxPayload()))
	}
	open := make([]int, s.config.Partitions) // box of the partition, and 1
	rounds := make([][]int, 0, 1)
	count := make([]int, s.config.Partitions)
	next := slices.Clone(s.numbers.Next)
	begin := uint32(0)
	for i := range o.Count {
		record := o.Data[begin:o.Ends[i]]
		begin = o.Ends[i]
		if s.text {
			record = bytes.TrimSuffix(record, []byte{'\n'})
		}
		var p int
		if s.key >= 0 {
			p = int(flow.Hash(o.Keys[s.key][i]) % uint32(s.config.Partitions))
		} else {
			p, turn = turn, (turn+1)%s.config.Partitions
		}
		h := envelope.Header{Writer: s.config.Writer, Epoch: s.numbers.Epoch, First: next[p], Schema: s.config.Schema}
		if open[p] == 0 || len(s.boxes[open[p]-1].data)+envelope.Size(envelope.Header{}, len(record)) > limit {
			s.boxes = append(s.boxes, box{partition: p})
			open[p] = len(s.boxes)
			if count[p] == len(rounds) {
				rounds = append(rounds, nil)
			}
			rounds[count[p]] = append(rounds[count[p]], len(s.boxes)-1)
			count[p]++
			s.boxes[open[p]-1].data = envelope.Begin(nil, h)
		}
		b := &s.boxes[open[p]-1]
		b.data = envelope.Add(b.data, record)
		b.records = append(b.records, i)
		next[p]++
	}
	ordered := make([]box, 0, len(s.boxes))
	for _, round := range rounds {
		for _, i := range round {
			ordered = append(ordered, s.boxes[i])
		}
	}
	s.boxes = ordered
	return turn
}

// round makes the packet of the boxes from one on that are of different partitions.
func (s *EdgeSink) round(from int) (n int) {
	s.out.Reset()
	seen := make([]bool, s.config.Partitions)
	for _, b := range s.boxes[from:] {
		if seen[b.partition] {
			break
		}
		seen[b.partition] = true
		s.add(b.partition, b.data)
		n++
	}
	return n
}

// add puts an envelope that is not sealed yet into the packet.
func (s *EdgeSink) add(partition int, data []byte) {
	at := len(s.out.Data)
	s.out.Data = append(s.out.Data, data...)
	s.out.Data = envelope.Seal(s.out.Data, at)
	s.out.Ends = append(s.out.Ends, uint32(len(s.out.Data)))
	s.out.Keys[0] = append(s.out.Keys[0], subject(s.config.Stream, partition))
	s.out.Count++
}

// Healthy tells whether the server is there, also while nothing is written.
func (s *EdgeSink) Healthy(ctx context.Context) error { return s.inner.Healthy(ctx) }

// Sync does nothing: an answer said that the envelopes are stored.
func (s *EdgeSink) Sync(context.Context) error { return nil }

// Close ends the connection. Where all input has come to its end the readers are told.
func (s *EdgeSink) Close(ctx context.Context, done bool) error {
	var err error
	if done {
		s.out.Reset()
		for p := range s.config.Partitions {
			s.add(p, envelope.Begin(nil, envelope.Header{
				Writer: s.config.Writer, Epoch: s.numbers.Epoch, First: s.numbers.Next[p], Schema: s.config.Schema, End: true,
			}))
		}
		err = s.inner.Write(ctx, &s.out)
	}
	return errors.Join(err, s.inner.Close(ctx, done))
}
