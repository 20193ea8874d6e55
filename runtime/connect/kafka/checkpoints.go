package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The headers of a message that is a checkpoint.
const (
	generationHeader = "generation"
	// ownerHeader is who wrote it: a name that an opened sink gives itself.
	ownerHeader = "owner"
)

// A kept is the checkpoint of a pipeline as it stands in the topic.
type kept struct {
	generation uint64
	owner      string
	data       []byte
}

// checkpoints is the topic of the programs' checkpoints: a message a checkpoint,
// whose key is the pipeline, in the first partition. The topic is compacted, so
// the last one of each stays.
type checkpoints struct {
	link     *link
	topic    string
	pipeline string
}

// find looks for the topic; nil where there is none.
func (c *checkpoints) find(ctx context.Context) (*tip, error) {
	topics, err := kadm.NewClient(c.link.client).ListTopics(ctx, c.topic)
	if err != nil {
		return nil, c.link.failed(err)
	}
	t := topics[c.topic]
	switch {
	case errors.Is(t.Err, kerr.UnknownTopicOrPartition):
		return nil, nil
	case t.Err != nil:
		return nil, c.failed(t.Err)
	}
	p, ok := t.Partitions[0]
	if !ok || p.Leader < 0 {
		return nil, c.link.Gone(fmt.Errorf("the topic %s has no leader", c.topic))
	}
	return &tip{partition{c.topic, 0}, t.ID, p.Leader}, nil
}

// failed is an error that concerns the topic.
func (c *checkpoints) failed(err error) error {
	if !final(err) {
		return c.link.failed(err)
	}
	return &finalError{fmt.Errorf("%s: the topic %s, where the checkpoint is kept: %w", c.link.Server, c.topic, err)}
}

// ensure makes the topic where there is none, and otherwise looks whether it keeps
// the last message of each key for ever.
func (c *checkpoints) ensure(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	at, err := c.find(ctx)
	if err != nil {
		return err
	}
	admin := kadm.NewClient(c.link.client)
	if at != nil {
		return c.checkPolicy(ctx, admin)
	}
	value := func(s string) *string { return &s }
	answer, err := admin.CreateTopic(ctx, 1, -1, map[string]*string{
		"cleanup.policy": value("compact"),
		// A segment is compacted when it is full: one that is small is so soon.
		"segment.bytes": value("16777216"),
	}, c.topic)
	if err == nil {
		err = answer.Err
	}
	switch {
	case err == nil, errors.Is(err, kerr.TopicAlreadyExists):
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed), errors.Is(err, kerr.PolicyViolation):
		return &finalError{fmt.Errorf("%s: the topic %s, where the checkpoint is to be kept, can't be made: make it, of one partition and with cleanup.policy=compact, or name another in transaction.checkpoints: %w", c.link.Server, c.topic, err)}
	default:
		return c.failed(err)
	}
	for { // until the brokers have heard of it
		at, err := c.find(ctx)
		if at != nil {
			slog.Info("made a topic for checkpoints", "topic", c.topic)
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return c.link.Gone(fmt.Errorf("the topic %s was made, and is not there: %w", c.topic, errors.Join(err, ctx.Err())))
		}
	}
}

// checkPolicy refuses a topic that drops messages: a checkpoint that is gone would
// have all input read once more.
func (c *checkpoints) checkPolicy(ctx context.Context, admin *kadm.Client) error {
	all, err := admin.DescribeTopicConfigs(ctx, c.topic)
	if err != nil {
		return c.link.failed(err)
	}
	topic, err := all.On(c.topic, nil)
	if err == nil {
		err = topic.Err
	}
	if err != nil {
		slog.Debug("the brokers do not say how the topic of checkpoints is kept", "topic", c.topic, "error", err)
		return nil
	}
	for _, k := range topic.Configs {
		if k.Key == "cleanup.policy" && k.Value != nil && *k.Value != "compact" {
			return &finalError{fmt.Errorf("%s: the topic %s, where the checkpoint is kept, has cleanup.policy=%s and would drop it: set it to compact, or name another topic in transaction.checkpoints", c.link.Server, c.topic, *k.Value)}
		}
	}
	return nil
}

// last reads the checkpoint that was committed last; nil where there is none. What
// is committed it finds out by itself: the isolation level of a consumer ends
// before the first transaction that is open, and that may be another program's.
func (c *checkpoints) last(ctx context.Context) (*kept, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	at, err := c.find(ctx)
	if at == nil || err != nil {
		return nil, err
	}
	admin := kadm.NewClient(c.link.client)
	var ends [2]int64
	for i, list := range []func(context.Context, ...string) (kadm.ListedOffsets, error){admin.ListStartOffsets, admin.ListEndOffsets} {
		offsets, err := list(ctx, c.topic)
		if err != nil {
			return nil, c.link.failed(err)
		}
		o, ok := offsets.Lookup(c.topic, 0)
		switch {
		case !ok:
			return nil, c.link.Gone(errUnlisted)
		case o.Err != nil:
			return nil, c.failed(o.Err)
		}
		ends[i] = o.Offset
	}
	// It is most likely near the end.
	for reach := int64(1024); ; reach *= 16 {
		from := max(ends[0], ends[1]-reach)
		k, err := c.scan(ctx, at, from, ends[1])
		if k != nil || err != nil || from == ends[0] {
			return k, err
		}
	}
}

// scan reads the messages of a range and returns the last checkpoint in it whose
// transaction was committed.
func (c *checkpoints) scan(ctx context.Context, at *tip, from, to int64) (last *kept, err error) {
	open := map[int64]*kgo.Record{} // by the producer that has a transaction open
	for from < to {
		records, next, err := at.fetch(ctx, c.link, from)
		if err != nil {
			return nil, c.failed(err)
		}
		from = next
		for _, r := range records {
			var committed *kgo.Record
			switch {
			case r.Attrs.IsControl():
				if commits(r) {
					committed = open[r.ProducerID]
				}
				delete(open, r.ProducerID)
			case string(r.Key) != c.pipeline:
			case r.Attrs.IsTransactional():
				open[r.ProducerID] = r
			default: // by somebody's hand
				committed = r
			}
			if committed == nil {
				continue
			}
			if last, err = c.read(committed); err != nil {
				return nil, err
			}
		}
	}
	return last, nil
}

// commits tells whether a mark says that its transaction was committed. The key of
// a mark is its version and its kind.
func commits(mark *kgo.Record) bool {
	return len(mark.Key) >= 4 && binary.BigEndian.Uint16(mark.Key[2:]) == 1
}

// message is a checkpoint as it is written; one that is nothing but an owner has no
// value.
func (c *checkpoints) message(k *kept) *kgo.Record {
	return &kgo.Record{
		Topic: c.topic, Partition: 0, Key: []byte(c.pipeline), Value: k.data,
		Headers: []kgo.RecordHeader{{Key: generationHeader, Value: strconv.AppendUint(nil, k.generation, 10)}, {Key: ownerHeader, Value: []byte(k.owner)}},
	}
}

// read takes a message apart.
func (c *checkpoints) read(r *kgo.Record) (*kept, error) {
	k := &kept{data: r.Value}
	for _, h := range r.Headers {
		switch h.Key {
		case ownerHeader:
			k.owner = string(h.Value)
		case generationHeader:
			n, err := strconv.ParseUint(string(h.Value), 10, 64)
			if err != nil {
				return nil, &finalError{fmt.Errorf("%s: the checkpoint of %q in the topic %s, at offset %d, has the generation %q, which is no number", c.link.Server, c.pipeline, c.topic, r.Offset, h.Value)}
			}
			k.generation = n
		}
	}
	return k, nil
}
