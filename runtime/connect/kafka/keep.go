package kafka

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flowc-dev/flowc/runtime/flow"
)

// defaultTimeout and defaultCheckpoints are those of a config that says nothing.
const (
	defaultTimeout     = time.Minute
	defaultCheckpoints = "flowc_checkpoints"
)

// A keeping is the sink's part of a checkpoint that is kept in its transactions.
//
// Two copies of a program have the same transactional id, so the brokers let the
// one write that asked last: the other's transaction is rolled back, and it is told
// so with the next that it sends. The same is said to one whose transaction took
// too long. To tell these apart, a copy that begins to write commits the checkpoint
// that it found once more, with its own name on it: who is shut out reads it, and
// ends where it finds another's.
type keeping struct {
	checkpoints
	id      string // the transactional id
	timeout time.Duration
	owner   string

	loaded  bool // known is what Load gave
	claimed bool
	known   kept

	// producer is who the open transaction is of: where the client has made itself
	// another one, the brokers have rolled it back.
	inside   bool
	producer producer
	began    time.Time
	// settled are the topics that the client is known to list.
	settled []string
	// over is why this sink writes nothing more: it must be opened anew.
	over error
}

type producer struct {
	id    int64
	epoch int16
}

// Keep has the sink keep the program's checkpoint in the transactions of its
// records.
func (s *Sink) Keep(pipeline string) {
	t := s.config.Transaction
	k := &keeping{
		checkpoints: checkpoints{link: s.link, topic: t.Checkpoints, pipeline: pipeline},
		id:          t.ID, timeout: t.Timeout, owner: strings.ToLower(rand.Text()),
	}
	if k.topic == "" {
		k.topic = defaultCheckpoints
	}
	if k.id == "" {
		k.id = "flowc-" + pipeline
	}
	if k.timeout == 0 {
		k.timeout = defaultTimeout
	}
	s.keeping = k
}

// KeepsWhenAsked says that the sink keeps the checkpoint where effectively once is
// asked for, and not of itself: nobody sees records before the checkpoint that
// they belong to.
func (s *Sink) KeepsWhenAsked() bool { return true }

// Pace says how often checkpoints are made: a transaction lasts as long, and is
// not to be rolled back before that.
func (s *Sink) Pace(every time.Duration) {
	s.keeping.timeout = max(s.keeping.timeout, 2*every+10*time.Second)
}

// options are the client's.
func (k *keeping) options() []kgo.Opt {
	k.settled = nil                                                // by this client
	others := kgo.UniformBytesPartitioner(64<<10, true, true, nil) // as without
	return []kgo.Opt{
		kgo.TransactionalID(k.id), kgo.TransactionTimeout(k.timeout),
		kgo.RecordPartitioner(partitioner{others, k.topic}),
	}
}

// A partitioner sends checkpoints to the first partition, wherever their topic has
// more.
type partitioner struct {
	kgo.Partitioner
	checkpoints string
}

func (p partitioner) ForTopic(topic string) kgo.TopicPartitioner {
	if topic == p.checkpoints {
		return kgo.ManualPartitioner().ForTopic(topic)
	}
	return p.Partitioner.ForTopic(topic)
}

// Claim shuts other copies of the program out, rolls back what they have open, and
// reads the checkpoint that is there then.
func (s *Sink) Claim(ctx context.Context) error {
	k := s.keeping
	if k.claimed || k.over != nil {
		return k.over
	}
	if s.link.client == nil {
		if err := s.Open(ctx); err != nil {
			return err
		}
	}
	if err := k.ensure(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	if _, _, err := s.link.client.ProducerID(ctx); err != nil {
		err = k.refused(err)
		s.link.close() // it would say the same for ever
		return err
	}
	last, err := k.last(ctx)
	if err != nil {
		return err
	}
	if last == nil {
		last = &kept{}
	}
	if k.loaded && (k.known.generation != last.generation || k.known.owner != last.owner) {
		return k.end(&flow.RolledBackError{Err: fmt.Errorf("%s: another copy of the program has committed since the checkpoint was read", s.link.Server)})
	}
	k.known = kept{last.generation, k.owner, last.data}
	if err := s.begin(ctx); err != nil {
		return err
	}
	if err := s.commit(ctx, &k.known); err != nil {
		return err
	}
	k.claimed = true
	return nil
}

// refused is an error of getting a producer's id.
func (k *keeping) refused(err error) error {
	switch {
	case errors.Is(err, kerr.InvalidTransactionTimeout):
		return &finalError{fmt.Errorf("%s: the brokers do not let a transaction last for %s: raise their transaction.max.timeout.ms, or make checkpoints more often or transaction.timeout shorter: %w", k.link.Server, k.timeout, err)}
	case errors.Is(err, kerr.TransactionalIDAuthorizationFailed):
		return &finalError{fmt.Errorf("%s: the login may not write with the transactional id %q: allow it, or name another in transaction.id: %w", k.link.Server, k.id, err)}
	}
	if final(err) && !lost(err) {
		return &finalError{fmt.Errorf("%s: %w", k.link.Server, err)}
	}
	return k.link.failed(err)
}

// Load reads the checkpoint that was committed last.
func (s *Sink) Load(ctx context.Context) (generation uint64, checkpoint []byte, err error) {
	k := s.keeping
	if !k.claimed {
		last, err := k.last(ctx)
		if err != nil {
			return 0, nil, err
		}
		k.loaded, k.known = true, kept{}
		if last != nil {
			k.known = *last
		}
	}
	if k.known.generation == 0 {
		return 0, nil, nil
	}
	return k.known.generation, bytes.Clone(k.known.data), nil
}

// Commit commits what was written, with the checkpoint of a generation in the
// place of the previous one.
func (s *Sink) Commit(ctx context.Context, generation, previous uint64, checkpoint []byte) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	k := s.keeping
	if k.known.generation != previous {
		return k.end(flow.ErrFenced) // and Close rolls back
	}
	next := kept{generation, k.owner, bytes.Clone(checkpoint)}
	if err := s.commit(ctx, &next); err != nil {
		return err
	}
	k.known = next
	return nil
}

// Forget removes the checkpoint.
func (s *Sink) Forget(ctx context.Context) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	none := kept{owner: s.keeping.owner}
	if err := s.commit(ctx, &none); err != nil {
		return err
	}
	s.keeping.known = none
	return nil
}

// enter opens a transaction where none is, of a copy that shut out all others.
func (s *Sink) enter(ctx context.Context) error {
	if err := s.Claim(ctx); err != nil {
		return err
	}
	return s.begin(ctx)
}

func (s *Sink) begin(ctx context.Context) error {
	k := s.keeping
	switch {
	case k.over != nil:
		return k.over
	case k.inside:
		return nil
	}
	if err := s.link.client.BeginTransaction(); err != nil {
		return s.shut(ctx, err)
	}
	k.inside, k.began = true, time.Now()
	var err error
	if k.producer.id, k.producer.epoch, err = s.link.client.ProducerID(ctx); err != nil {
		return s.shut(ctx, err)
	}
	return nil
}

// commit ends the open transaction; with a checkpoint, where there is one.
func (s *Sink) commit(ctx context.Context, checkpoint *kept) error {
	k := s.keeping
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	if checkpoint != nil {
		done := make(chan error, 1)
		s.link.client.Produce(context.Background(), k.message(checkpoint), func(_ *kgo.Record, err error) { done <- err })
		select {
		case err := <-done:
			switch {
			case err == nil:
			case errors.Is(err, kerr.MessageTooLarge):
				return k.end(&finalError{fmt.Errorf("%s: the checkpoint of %d bytes is larger than max_message, or than max.message.bytes of the topic %s: %w", s.link.Server, len(checkpoint.data), k.topic, err)})
			default:
				return s.shut(ctx, err)
			}
		case <-ctx.Done():
			return s.shut(ctx, fmt.Errorf("the brokers have not stored the checkpoint for %s: %w", silence, ctx.Err()))
		}
		if err := k.settle(ctx, k.topic); err != nil {
			return s.shut(ctx, err)
		}
	}
	if err := s.same(ctx); err != nil {
		return s.shut(ctx, err)
	}
	if err := s.link.client.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return s.shut(ctx, err)
	}
	k.inside = false
	return nil
}

// same is an error where the transaction is not the client's any more.
func (s *Sink) same(ctx context.Context) error {
	id, epoch, err := s.link.client.ProducerID(ctx)
	if err == nil && s.keeping.producer != (producer{id, epoch}) {
		err = errors.New("the client had to begin anew in the middle of a transaction")
	}
	return err
}

// shut gives the open transaction up because of an error: nobody knows what became
// of it, or it was rolled back. Where another copy of the program did that, this
// one is to end; else it goes back to what is there.
func (s *Sink) shut(ctx context.Context, err error) error {
	k := s.keeping
	if lost(err) {
		another, failed := k.another(context.WithoutCancel(ctx), err)
		switch {
		case failed != nil:
			err = fmt.Errorf("%s: %w", s.link.Server, errors.Join(err, failed))
		case another:
			return k.end(&takenOver{&flow.StateError{
				Path:   "the transactional id " + k.id,
				Reason: "another copy of the program has begun to write with it, so this one writes nothing more", Err: err,
			}})
		default:
			err = fmt.Errorf("%s: the brokers have rolled it back; it is to last no longer than %s (transaction.timeout): %w", s.link.Server, k.timeout, err)
		}
	} else {
		err = fmt.Errorf("%s: %w", s.link.Server, err)
	}
	return k.end(&flow.RolledBackError{Err: err})
}

// another tells whether another copy has written its name since this one did. One
// that has shut this one out is about to do so: where nothing else explains that,
// it is waited for.
func (k *keeping) another(ctx context.Context, err error) (bool, error) {
	if !k.claimed {
		return false, nil
	}
	fenced := errors.Is(err, kerr.ProducerFenced) || errors.Is(err, kerr.InvalidProducerEpoch)
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		last, err := k.last(ctx)
		switch {
		case err != nil:
			return false, err
		case last != nil && last.owner != k.owner:
			return true, nil
		case !fenced, time.Since(k.began) >= k.timeout, time.Since(begin) >= patience:
			return false, nil
		}
	}
}

// end has the sink write nothing more.
func (k *keeping) end(err error) error {
	k.over = err
	return err
}

// lost tells that an error says that the brokers have ended a transaction by
// themselves, or do not know of its producer.
func lost(err error) bool {
	for _, e := range []error{
		kerr.ProducerFenced, kerr.InvalidProducerEpoch, kerr.InvalidProducerIDMapping, kerr.UnknownProducerID, kerr.InvalidTxnState,
		kerr.TransactionAbortable, kerr.OutOfOrderSequenceNumber, kerr.OperationNotAttempted,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// broken is what a write that failed means for the transaction that it is in; nil
// where that goes on without the records that failed.
func (s *Sink) broken(ctx context.Context, f *flight) error {
	var first error
	for _, err := range f.errs {
		if err != nil && (first == nil || lost(err)) {
			first = err
		}
	}
	if first == nil || !lost(first) && s.same(ctx) == nil {
		return nil
	}
	if lost(first) || !final(first) {
		return s.shut(ctx, first)
	}
	return s.keeping.end(&finalError{fmt.Errorf("%s: a record is refused, which rolls back all others of its transaction, so it can't be left out: %w", s.link.Server, refusal(first))})
}

// rollBack ends the open transaction, so that readers need not wait for the brokers
// to do so.
func (s *Sink) rollBack() {
	k := s.keeping
	var fenced *takenOver
	var back *flow.RolledBackError
	if !k.inside || s.link.client == nil || s.link.Err() != nil || errors.As(k.over, &fenced) || errors.As(k.over, &back) {
		return // it is rolled back, or the next one who opens it does so
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.link.client.AbortBufferedRecords(ctx); err == nil {
		_ = s.link.client.EndTransaction(ctx, kgo.TryAbort)
	}
}

// A finalError is not tried again, and no fault of any record.
type finalError struct{ error }

// Fatal tells so.
func (e *finalError) Fatal() bool { return true }

// Unwrap is the cause.
func (e *finalError) Unwrap() error { return e.error }

// takenOver is the error of a copy that another one has shut out.
type takenOver struct{ *flow.StateError }

// Fatal tells that no record is to be tried again.
func (e *takenOver) Fatal() bool { return true }

// Unwrap is what the exit code is chosen by.
func (e *takenOver) Unwrap() error { return e.StateError }
