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
// that comes twice. A steady writer keeps the numbers in the checkpoint; any other
// begins an epoch each time that it starts, and so does one of whose records the server
// has refused some.
//
// A writer that comes to an end says so, and says before that it begins: what is left of
// a run that was given up must not end the readers of another one.
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
	// Run is that of a writer that comes to an end.
	Run uint64 `json:"run,omitempty"`
	// Epoch and Next are those of a steady writer. Next is the number of the next
	// record, by partition.
	Epoch uint64   `json:"epoch,omitempty"`
	Next  []uint64 `json:"next,omitempty"`
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
	if c.Steady || c.Ends {
		return &keepingEdgeSink{s}, err
	}
	return s, err
}

// A keepingEdgeSink is the begin of an edge that has something to find again after a
// crash: its numbers, to which the same records come in the same order, or its run.
type keepingEdgeSink struct{ *EdgeSink }

// Restore goes on with the run and the numbers of the checkpoint.
func (s *keepingEdgeSink) Restore(_ context.Context, state json.RawMessage) error {
	var n numbering
	if err := json.Unmarshal(state, &n); err != nil {
		return err
	}
	if s.config.Ends {
		s.numbers.Run = n.Run
	}
	if s.config.Steady && len(n.Next) == s.config.Partitions {
		s.numbers.Epoch, s.numbers.Next = n.Epoch, n.Next
	}
	return nil
}

// State is the run and the numbers.
func (s *keepingEdgeSink) State() (any, error) {
	n := numbering{Run: s.numbers.Run}
	if s.config.Steady {
		n.Epoch, n.Next = s.numbers.Epoch, slices.Clone(s.numbers.Next)
	}
	return n, nil
}

// Joined says that other processes are behind it.
func (s *EdgeSink) Joined() {}

// Messages says that it has to know where each record ends.
func (s *EdgeSink) Messages() {}

// beginEpoch starts an epoch.
func (s *EdgeSink) beginEpoch() (err error) {
	s.numbers.Next = make([]uint64, s.config.Partitions)
	s.numbers.Epoch, err = unlike()
	return err
}

// unlike is a number that no other writer has had, nor this one.
func unlike() (uint64, error) {
	var random [8]byte
	_, err := rand.Read(random[:])
	return binary.LittleEndian.Uint64(random[:]), err
}

// Open connects, makes the stream, and begins a run where there is none to go on with.
func (s *EdgeSink) Open(ctx context.Context) error {
	if s.numbers.Next == nil {
		if err := s.beginEpoch(); err != nil {
			return err
		}
	}
	if err := s.inner.Open(ctx); err != nil {
		return err
	}
	err := makeStream(ctx, s.inner.link, s.config.Stream, s.config.Partitions, s.config.MaxBytes, s.config.Replicas)
	if err == nil && s.config.Ends && s.numbers.Run == 0 {
		err = s.beginRun(ctx)
	}
	if err != nil {
		s.inner.link.close()
	}
	return err
}

// beginRun tells the readers that a run begins.
func (s *EdgeSink) beginRun(ctx context.Context) error {
	run, err := unlike()
	if err == nil {
		err = s.tell(ctx, envelope.Header{Run: run, Begin: true})
	}
	if err == nil {
		s.numbers.Run = run
	}
	return err
}

// tell sends an envelope without records to all partitions.
func (s *EdgeSink) tell(ctx context.Context, h envelope.Header) error {
	h.Writer, h.Epoch, h.Schema = s.config.Writer, s.numbers.Epoch, s.config.Schema
	s.out.Reset()
	for p := range s.config.Partitions {
		h.First = s.numbers.Next[p]
		s.add(p, envelope.Begin(nil, h))
	}
	return s.inner.Write(ctx, &s.out)
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
		if err := s.beginEpoch(); err != nil {
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
		h := envelope.Header{Writer: s.config.Writer, Run: s.numbers.Run, Epoch: s.numbers.Epoch, First: next[p], Schema: s.config.Schema}
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

// End tells the readers that the run has ended, where the writer is one that ends.
func (s *EdgeSink) End(ctx context.Context) error {
	if !s.config.Ends {
		return nil
	}
	return s.tell(ctx, envelope.Header{Run: s.numbers.Run, End: true})
}

// Close ends the connection.
func (s *EdgeSink) Close(ctx context.Context, done bool) error { return s.inner.Close(ctx, done) }
