package edge

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

// A Packing puts the records of a writer into envelopes, by partition.
//
// The records of a partition and an epoch are numbered, so that a reader can tell one
// that comes twice. A steady writer keeps the numbers in the checkpoint; any other begins
// an epoch each time that it starts, and so does one of whose records the carrier has
// refused some.
//
// A writer that comes to an end says so, and says before that it begins: what is left of
// a run that was given up must not end the readers of another one.
type Packing struct {
	writer Writer
	key    int // in Out.Keys; -1 for none
	meta   int // likewise
	text   bool

	numbers numbering
	turn    int // the partition of the next record without a key
	boxes   []Envelope
}

// A Writer is what the compiler knows of the begin of an edge.
type Writer struct {
	// Name is that of the process, with the number of its copy.
	Name string
	// Schema is what the records look like (see package envelope).
	Schema string
	// Partitions is how many copies of the reader there are.
	Partitions int
	// Steady tells that the same records come in the same order after a crash, Ends
	// that the writer comes to an end, and says so.
	Steady, Ends bool
}

// keeps tells whether the writer has something to find again after a crash: its numbers,
// to which the same records come in the same order, or its run.
func (w Writer) keeps() bool { return w.Steady || w.Ends }

// A numbering is what a writer keeps in the checkpoint.
type numbering struct {
	// Run is that of a writer that comes to an end.
	Run uint64 `json:"run,omitempty"`
	// Epoch and Next are those of a steady writer. Next is the number of the next
	// record, by partition.
	Epoch uint64   `json:"epoch,omitempty"`
	Next  []uint64 `json:"next,omitempty"`
}

// A Publish has a carrier store envelopes, which are of different partitions. An error
// is as that of a sink's Write: about all of them, or a *flow.PartialError by their
// places.
type Publish func(ctx context.Context, envelopes []Envelope) error

// MetaKey is what the engine calls the packed `meta` of records that take it along.
const MetaKey = "meta.carried"

// NewPacking returns the packing of a writer. Its records go to the partitions by the
// key that is called `key`, or in turn, and take their `meta` along where there is one
// (MetaKey).
func NewPacking(w Writer, out connect.Output) *Packing {
	return &Packing{writer: w, key: slices.Index(out.Keys, "key"), meta: slices.Index(out.Keys, MetaKey), text: out.Format == "text" || out.Format == "ndjson"}
}

// Restore goes on with the run and the numbers of the checkpoint.
func (p *Packing) Restore(state json.RawMessage) error {
	var n numbering
	if err := json.Unmarshal(state, &n); err != nil {
		return err
	}
	if p.writer.Ends {
		p.numbers.Run = n.Run
	}
	if p.writer.Steady && len(n.Next) == p.writer.Partitions {
		p.numbers.Epoch, p.numbers.Next = n.Epoch, n.Next
	}
	return nil
}

// State is the run and the numbers, for the checkpoint.
func (p *Packing) State() any {
	n := numbering{Run: p.numbers.Run}
	if p.writer.Steady {
		n.Epoch, n.Next = p.numbers.Epoch, slices.Clone(p.numbers.Next)
	}
	return n
}

// Open starts an epoch where none goes on, and tells the readers that a run begins
// where none goes on that ends.
func (p *Packing) Open(ctx context.Context, publish Publish) error {
	if p.numbers.Next == nil {
		if err := p.beginEpoch(); err != nil {
			return err
		}
	}
	if !p.writer.Ends || p.numbers.Run != 0 {
		return nil
	}
	run, err := unlike()
	if err == nil {
		err = p.tell(ctx, envelope.Header{Run: run, Begin: true}, publish)
	}
	if err == nil {
		p.numbers.Run = run
	}
	return err
}

// End tells the readers that the run has ended, where the writer is one that ends.
func (p *Packing) End(ctx context.Context, publish Publish) error {
	if !p.writer.Ends {
		return nil
	}
	return p.tell(ctx, envelope.Header{Run: p.numbers.Run, End: true}, publish)
}

// tell sends an envelope without records to all partitions.
func (p *Packing) tell(ctx context.Context, h envelope.Header, publish Publish) error {
	h.Writer, h.Epoch, h.Schema = p.writer.Name, p.numbers.Epoch, p.writer.Schema
	var all []Envelope
	for to, next := range p.numbers.Next {
		h.First = next
		all = append(all, Envelope{Partition: to, Data: envelope.Seal(envelope.Begin(nil, h), 0)})
	}
	err := publish(ctx, all)
	var partial *flow.PartialError
	if errors.As(err, &partial) {
		for i := range all {
			if err := partial.Failed[i]; err != nil {
				return err
			}
		}
	}
	return err
}

// beginEpoch starts an epoch.
func (p *Packing) beginEpoch() (err error) {
	p.numbers.Next = make([]uint64, p.writer.Partitions)
	p.numbers.Epoch, err = unlike()
	return err
}

// unlike is a number that no other writer has had, nor this one.
func unlike() (uint64, error) {
	var random [8]byte
	_, err := rand.Read(random[:])
	return binary.LittleEndian.Uint64(random[:]), err
}

// Write publishes records in envelopes that have up to limit bytes, but for one with a
// longer record in it. Of each partition one envelope at a time is under way, so that
// none can overtake another.
func (p *Packing) Write(ctx context.Context, o *flow.Out, limit int, publish Publish) error {
	turn := p.fill(o, limit)
	failed := map[int]error{}
	for sent := 0; sent < len(p.boxes); {
		round := p.round(sent)
		err := publish(ctx, round)
		var partial *flow.PartialError
		switch {
		case errors.As(err, &partial):
			for i, err := range partial.Failed {
				for _, record := range round[i].Records {
					failed[record] = err
				}
			}
		case err != nil:
			return err // all of it again, with the same numbers
		}
		sent += len(round)
	}
	p.turn = turn
	if len(failed) > 0 {
		// What is tried again would have other numbers than after a crash.
		if err := p.beginEpoch(); err != nil {
			return err
		}
		return &flow.PartialError{Failed: failed}
	}
	for _, b := range p.boxes {
		p.numbers.Next[b.Partition] += uint64(len(b.Records))
	}
	return nil
}

// fill puts the records of a packet into boxes, by rounds: in each round a partition
// has one box at most. It returns the partition of the next record without a key.
func (p *Packing) fill(o *flow.Out, limit int) (turn int) {
	turn = p.turn
	var boxes []Envelope
	open := make([]int, p.writer.Partitions) // box of the partition, and 1
	rounds := make([][]int, 0, 1)
	count := make([]int, p.writer.Partitions)
	next := slices.Clone(p.numbers.Next)
	begin := uint32(0)
	for i := range o.Count {
		record := o.Data[begin:o.Ends[i]]
		begin = o.Ends[i]
		if p.text {
			record = bytes.TrimSuffix(record, []byte{'\n'})
		}
		var to int
		if p.key >= 0 {
			to = int(flow.Hash(o.Keys[p.key][i]) % uint32(p.writer.Partitions))
		} else {
			to, turn = turn, (turn+1)%p.writer.Partitions
		}
		h := envelope.Header{Writer: p.writer.Name, Run: p.numbers.Run, Epoch: p.numbers.Epoch, First: next[to], Schema: p.writer.Schema, Meta: p.meta >= 0}
		meta := ""
		if p.meta >= 0 {
			meta = o.Keys[p.meta][i]
		}
		if open[to] == 0 || len(boxes[open[to]-1].Data)+envelope.Size(envelope.Header{}, len(meta)+len(record)) > limit {
			boxes = append(boxes, Envelope{Partition: to, Data: envelope.Begin(nil, h)})
			open[to] = len(boxes)
			if count[to] == len(rounds) {
				rounds = append(rounds, nil)
			}
			rounds[count[to]] = append(rounds[count[to]], len(boxes)-1)
			count[to]++
		}
		b := &boxes[open[to]-1]
		if p.meta >= 0 {
			b.Data = envelope.AddWith(b.Data, meta, record)
		} else {
			b.Data = envelope.Add(b.Data, record)
		}
		b.Records = append(b.Records, i)
		next[to]++
	}
	p.boxes = p.boxes[:0]
	for _, round := range rounds {
		for _, i := range round {
			boxes[i].Data = envelope.Seal(boxes[i].Data, 0)
			p.boxes = append(p.boxes, boxes[i])
		}
	}
	return turn
}

// round is the boxes from one on that are of different partitions.
func (p *Packing) round(from int) []Envelope {
	seen := make([]bool, p.writer.Partitions)
	for i, b := range p.boxes[from:] {
		if seen[b.Partition] {
			return p.boxes[from : from+i]
		}
		seen[b.Partition] = true
	}
	return p.boxes[from:]
}
