package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/flow"
)

// silence is how long the brokers may say nothing of a write before that is told:
// the client tries on.
const silence = 20 * time.Second

// A Sink produces records. What the brokers have answered is written: it asks for
// nothing more, unless it keeps the program's checkpoint. Then records are in
// transactions, which end with a checkpoint.
type Sink struct {
	link    *link
	config  SinkConfig
	lines   bool // records end with a line end
	headers []kgo.RecordHeader

	topic, key int // in Out.Keys; -1 for those that are not there

	// flight is the write that the client is at. It stays so where the engine is
	// told that the brokers are away: the client never gives up what may have been
	// stored, so the write is not begun anew, but waited for.
	flight *flight
	// keeping is nil where the checkpoint is kept elsewhere.
	keeping *keeping
}

// A flight is a write on its way.
type flight struct {
	o    *flow.Out
	errs []error
	left atomic.Int64
	done chan struct{}
}

// NewSink returns the sink.
func NewSink(c SinkConfig, out connect.Output) (flow.Sink, error) {
	at := func(key string) int { return slices.Index(out.Keys, key) }
	s := &Sink{config: c, lines: out.Format == "ndjson" || out.Format == "text", topic: at("topic"), key: at("meta.key")}
	if s.key < 0 {
		s.key = at("key")
	} else if c.Key != "" || at("key") >= 0 {
		return nil, errors.New("key stands in the config and in meta: choose one")
	}
	switch {
	case s.topic < 0 && c.Topic == "":
		return nil, errors.New("topic is empty: name the topic to write to")
	case c.MaxMessage <= 0 || c.MaxMessage > math.MaxInt32:
		return nil, errors.New("max_message must be larger than 0, and less than 2GiB")
	}
	names := make([]string, 0, len(c.Headers))
	for name := range c.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		s.headers = append(s.headers, kgo.RecordHeader{Key: name, Value: []byte(c.Headers[name])})
	}
	var err error
	s.link, err = newLink(c.access(out.Node))
	return s, err
}

// Messages says that each record is a message.
func (s *Sink) Messages() {}

// Open connects.
func (s *Sink) Open(ctx context.Context) error {
	more := producing(s.config.Compression, s.config.MaxMessage)
	if s.keeping != nil {
		more = append(more, s.keeping.options()...)
	}
	return s.link.start(ctx, more...)
}

// producing are the options of a client that writes.
func producing(compression string, maxMessage int64) []kgo.Opt {
	codec := kgo.SnappyCompression()
	switch compression {
	case "none":
		codec = kgo.NoCompression()
	case "gzip":
		codec = kgo.GzipCompression()
	case "lz4":
		codec = kgo.Lz4Compression()
	case "zstd":
		codec = kgo.ZstdCompression()
	}
	return []kgo.Opt{
		kgo.ProducerBatchCompression(codec), kgo.ProducerBatchMaxBytes(int32(maxMessage)), kgo.RequiredAcks(kgo.AllISRAcks()),
		// A write is given as a whole and waited for as a whole: nothing comes that
		// would be worth waiting for, and its packet bounds what is on its way.
		kgo.ProducerLinger(0), kgo.MaxBufferedRecords(math.MaxInt32),
	}
}

// Write produces the records and waits until the brokers have them.
func (s *Sink) Write(ctx context.Context, o *flow.Out) error {
	_, _, err := s.link.Ready(ctx)
	if err == nil && s.keeping != nil {
		err = s.enter(ctx)
	}
	if err != nil {
		return err
	}
	if s.flight == nil || s.flight.o != o {
		s.flight = s.produce(o)
	}
	f := s.flight
	if err := f.wait(ctx, s.link); err != nil {
		return err
	}
	s.flight = nil
	if s.keeping != nil {
		if err := s.broken(ctx, f); err != nil {
			return err
		}
		if err := s.settleAll(ctx, o, f.errs); err != nil {
			return s.shut(ctx, err)
		}
	}
	return f.result()
}

// wait waits until the brokers have answered for all records.
func (f *flight) wait(ctx context.Context, l *link) error {
	quiet := time.NewTimer(silence)
	defer quiet.Stop()
	for {
		changed, _, err := l.Ready(ctx)
		if err != nil {
			return err
		}
		select {
		case <-f.done:
			return nil
		case <-changed:
		case <-quiet.C:
			return l.Gone(fmt.Errorf("the brokers have not stored the records for %s", silence))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// produce gives the records to the client, with copies of their bytes: it may need
// them for longer than the packet is there.
func (s *Sink) produce(o *flow.Out) *flight {
	f := newFlight(o.Count)
	f.o = o
	data := bytes.Clone(o.Data)
	records := make([]kgo.Record, o.Count)
	begin := uint32(0)
	for i := range records {
		r := &records[i]
		r.Topic, r.Headers = s.topicOf(o, i), s.headers
		r.Value = data[begin:o.Ends[i]:o.Ends[i]]
		begin = o.Ends[i]
		if s.lines {
			r.Value = bytes.TrimSuffix(r.Value, []byte{'\n'})
		}
		key := s.config.Key
		if s.key >= 0 {
			key = o.Keys[s.key][i]
		}
		if key != "" {
			r.Key = []byte(key)
		}
		f.produce(s.link.client, i, r)
	}
	return f
}

// topicOf is where the record with a number goes.
func (s *Sink) topicOf(o *flow.Out, i int) string {
	if s.topic >= 0 {
		return o.Keys[s.topic][i]
	}
	return s.config.Topic
}

// newFlight is that of n records, which produce gives to the client.
func newFlight(n int) *flight {
	f := &flight{errs: make([]error, n), done: make(chan struct{})}
	f.left.Store(int64(n))
	if n == 0 {
		close(f.done)
	}
	return f
}

// produce gives the record with a number to the client.
func (f *flight) produce(client *kgo.Client, i int, r *kgo.Record) {
	// Not with the write's context: a record whose context ends fails, though it may
	// be stored.
	client.Produce(context.Background(), r, func(_ *kgo.Record, err error) {
		f.errs[i] = err
		if f.left.Add(-1) == 0 {
			close(f.done)
		}
	})
}

// result is what became of the records.
func (f *flight) result() error {
	var failed map[int]error
	for i, err := range f.errs {
		if err == nil {
			continue
		}
		if failed == nil {
			failed = map[int]error{}
		}
		failed[i] = refusal(err)
	}
	if failed == nil {
		return nil
	}
	return &flow.PartialError{Failed: failed}
}

// A recordError is a record that the brokers do not take.
type recordError struct {
	err       error
	code      string
	permanent bool
}

func (e *recordError) Error() string   { return e.err.Error() }
func (e *recordError) Unwrap() error   { return e.err }
func (e *recordError) Code() string    { return e.code }
func (e *recordError) Permanent() bool { return e.permanent }
func (e *recordError) Temporary() bool { return !e.permanent }

// refusal says what an error of a record means.
func refusal(err error) error {
	switch {
	case errors.Is(err, kerr.MessageTooLarge), errors.Is(err, kerr.RecordListTooLarge):
		return &recordError{fmt.Errorf("the record is larger than the brokers take, or than max_message: %w", err), "too-large", true}
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return &recordError{fmt.Errorf("there is no such topic: make it, or correct `topic`: %w", err), "topic", false}
	case errors.Is(err, kerr.InvalidTopicException):
		return &recordError{fmt.Errorf("it is no name of a topic: %w", err), "topic", true}
	}
	return &recordError{err, "kafka", final(err)}
}

// Healthy tells whether the brokers are there, also while nothing is written.
func (s *Sink) Healthy(ctx context.Context) error { return s.link.healthy(ctx) }

// Sync commits where records are in a transaction. Else it does nothing: an answer
// said that they are stored.
func (s *Sink) Sync(ctx context.Context) error {
	if s.keeping == nil {
		return nil
	}
	if err := s.keeping.over; err != nil || !s.keeping.inside {
		return err
	}
	return s.commit(ctx, nil)
}

// Close rolls back what was not committed, and ends the connections.
func (s *Sink) Close(context.Context, bool) error {
	if s.keeping != nil {
		s.rollBack()
	}
	s.link.close()
	return nil
}
