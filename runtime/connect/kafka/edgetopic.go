package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// partitionsHeader is the header of each message of an edge: for how many partitions
// it was written. The partition of a key follows from their number, and a topic does
// not tell it: partitions that are not needed any more stay.
const partitionsHeader = "partitions"

// segment is how large the files are that brokers keep the topic in, in bytes. What was
// read goes when a whole file was.
const segment = 64 << 20

// An edgeTopic is the topic of an edge.
type edgeTopic struct {
	*link
	name string
	// partitions is how many are used: the first ones.
	partitions int
	// replication is how many brokers keep it; 0 lets them decide.
	replication int
	maxMessage  int64
}

// refused is an answer of the brokers about the topic that stays as it is.
func (t *edgeTopic) refused(err error, text string, args ...any) error {
	return &finalError{fmt.Errorf("%s: the topic %s of the edge %s: %w", t.Server, t.name, fmt.Sprintf(text, args...), err)}
}

// wrong is a topic that can't be used.
func (t *edgeTopic) wrong(text string, args ...any) error {
	return &finalError{fmt.Errorf("%s: the topic %s of the edge %s", t.Server, t.name, fmt.Sprintf(text, args...))}
}

// answered is an error of a request about the topic that has no remedy of its own.
func (t *edgeTopic) answered(err error) error {
	if final(err) {
		return t.refused(err, "can't be used")
	}
	return t.failed(err)
}

// ensure makes the topic where it is not there, adds partitions where it has too few
// and is empty, and otherwise looks whether it is what the edge needs.
func (t *edgeTopic) ensure(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	admin := kadm.NewClient(t.client)
	for {
		found, err := t.find(ctx, admin)
		switch {
		case err != nil:
			return err
		case found == nil:
			err = t.create(ctx, admin)
		case len(found.Partitions) < t.partitions:
			err = t.grow(ctx, admin, found)
		case t.led(found):
			return t.check(ctx, admin, found)
		}
		if err != nil {
			return err
		}
		select {
		case <-time.After(100 * time.Millisecond): // until the brokers have heard of it
		case <-ctx.Done():
			return t.Gone(fmt.Errorf("the topic %s was made, and is not there: %w", t.name, ctx.Err()))
		}
	}
}

// find looks for the topic; nil where there is none.
func (t *edgeTopic) find(ctx context.Context, admin *kadm.Client) (*kadm.TopicDetail, error) {
	topics, err := admin.ListTopics(ctx, t.name)
	found := topics[t.name]
	switch err := cmp.Or(err, found.Err); {
	case errors.Is(err, kerr.TopicAuthorizationFailed):
		return nil, t.refused(err, "may not be seen by the login: allow it to Describe and Create it, its writers to Write, and its readers to Read and Delete")
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return nil, nil
	case found.Err == nil && err != nil:
		return nil, t.failed(err)
	case found.Err != nil && !kerr.IsRetriable(found.Err):
		return nil, t.answered(found.Err)
	}
	return &found, nil
}

// led tells whether all partitions have somebody who answers for them.
func (t *edgeTopic) led(found *kadm.TopicDetail) bool {
	for _, p := range found.Partitions {
		if p.Leader < 0 || p.Err != nil {
			return false
		}
	}
	return found.Err == nil
}

// create makes the topic. Brokers drop nothing of it by themselves: what its readers
// have not had is never too old, and what they have had they delete.
func (t *edgeTopic) create(ctx context.Context, admin *kadm.Client) error {
	configs := map[string]int64{
		"retention.ms": -1, "retention.bytes": -1,
		"segment.bytes": max(segment, t.maxMessage), "max.message.bytes": t.maxMessage,
	}
	replication := int16(-1)
	if t.replication > 0 {
		replication = int16(t.replication)
		// A half of them has to have a message, and so one that stays after any other
		// is lost, where there are three.
		configs["min.insync.replicas"] = int64(t.replication+1) / 2
	}
	policy := "delete"
	asWritten := "producer"
	texts := map[string]*string{"cleanup.policy": &policy, "compression.type": &asWritten}
	for name, n := range configs {
		text := strconv.FormatInt(n, 10)
		texts[name] = &text
	}
	answer, err := admin.CreateTopic(ctx, int32(t.partitions), replication, texts, t.name)
	if err == nil {
		err = answer.Err
	}
	switch {
	case err == nil:
		slog.Info("made a topic for an edge", "node", t.node, "topic", t.name, "partitions", t.partitions)
		return nil
	case errors.Is(err, kerr.TopicAlreadyExists): // another process was faster
		return nil
	case errors.Is(err, kerr.InvalidReplicationFactor) && t.replication > 0:
		return t.refused(err, "can't have %d replicas, there are not so many brokers: set `replication_factor` of `edges: {kafka: …}` to less, or add brokers", t.replication)
	case errors.Is(err, kerr.InvalidReplicationFactor):
		return t.refused(err, "can't have as many replicas as the brokers' default.replication.factor says, there are not so many brokers: set `replication_factor` of `edges: {kafka: …}`, or add brokers")
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed), errors.Is(err, kerr.PolicyViolation):
		return t.refused(err, "can't be made by this login: allow it to Create it, or make it, of %d partitions, with cleanup.policy=delete, retention.ms=-1 and max.message.bytes=%d", t.partitions, t.maxMessage)
	}
	return t.answered(err)
}

// grow adds partitions, for which the topic has to be empty: the partition of a key is
// another one then.
func (t *edgeTopic) grow(ctx context.Context, admin *kadm.Client, found *kadm.TopicDetail) error {
	if err := t.held(ctx, found); err != nil {
		return err
	}
	answer, err := admin.UpdatePartitions(ctx, t.partitions, t.name)
	if err == nil {
		err = answer[t.name].Err
	}
	switch {
	case err == nil, errors.Is(err, kerr.InvalidPartitions), errors.Is(err, kerr.ReassignmentInProgress): // another process was faster, or is at it
		return nil
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed), errors.Is(err, kerr.PolicyViolation):
		return t.refused(err, "has %d partitions and needs %d, which this login can't add: allow it to Alter it, or add them (kafka-topics --alter)", len(found.Partitions), t.partitions)
	}
	return t.answered(err)
}

// held looks at the messages that are in the topic, which have to be for as many
// partitions as this process knows.
func (t *edgeTopic) held(ctx context.Context, found *kadm.TopicDetail) error {
	var all []partition
	for _, p := range found.Partitions.Sorted() {
		all = append(all, partition{t.name, p.Partition})
	}
	if len(all) == 0 {
		return nil
	}
	admin := kadm.NewClient(t.client)
	offsets, err := offsetsOf(ctx, t.link, all, admin.ListStartOffsets, admin.ListEndOffsets)
	if err != nil {
		return err
	}
	held, last := int64(0), map[partition]int64{}
	for _, p := range all {
		if from, to := offsets[p][0], offsets[p][1]; to > from {
			held += to - from
			last[p] = to - 1
		}
	}
	// One is as good as all: with another number nobody could have written.
	for p, offset := range last {
		at := tip{p, found.ID, found.Partitions[p.number].Leader}
		records, _, err := at.fetch(ctx, t.link, offset)
		switch {
		case errors.Is(err, kerr.TopicAuthorizationFailed): // a writer that may not read, which its readers do
			return nil
		case errors.Is(err, kerr.OffsetOutOfRange), err == nil && len(records) == 0: // read and deleted meanwhile
			continue
		case err != nil:
			return t.answered(err)
		}
		switch made := partitionsOf(records[0]); {
		case made == 0:
			return t.wrong("holds messages that are none of a pipeline's: delete it, or rename the pipeline")
		case made != t.partitions:
			return t.wrong("holds %d messages for %d partitions, and %d are asked for: let the program that wrote them read them, then change the number of replicas", held, made, t.partitions)
		}
		return nil
	}
	return nil
}

// partitionsOf is for how many partitions a message was written; 0 where it does not say.
func partitionsOf(r *kgo.Record) int {
	for _, h := range r.Headers {
		if h.Key == partitionsHeader {
			n, err := strconv.Atoi(string(h.Value))
			if err != nil {
				return 0
			}
			return n
		}
	}
	return 0
}

// check looks whether the topic is what the edge needs: somebody else may have made it.
func (t *edgeTopic) check(ctx context.Context, admin *kadm.Client, found *kadm.TopicDetail) error {
	for _, p := range found.Partitions {
		if len(p.Replicas) < t.replication {
			return t.wrong("has %d replicas, and `replication_factor` of `edges: {kafka: …}` says %d: give it more (kafka-reassign-partitions), or change that", len(p.Replicas), t.replication)
		}
	}
	if err := t.checkConfigs(ctx, admin); err != nil {
		return err
	}
	return t.held(ctx, found)
}

// checkConfigs looks at what the brokers do with messages of the topic.
func (t *edgeTopic) checkConfigs(ctx context.Context, admin *kadm.Client) error {
	all, err := admin.DescribeTopicConfigs(ctx, t.name)
	if err != nil && !errors.Is(err, kerr.TopicAuthorizationFailed) {
		return t.failed(err)
	}
	topic, unlisted := all.On(t.name, nil)
	if err := cmp.Or(err, unlisted, topic.Err); err != nil {
		slog.Debug("the brokers do not say how the topic of an edge is kept", "node", t.node, "topic", t.name, "error", err)
		return nil
	}
	for _, c := range topic.Configs {
		value := c.MaybeValue()
		switch c.Key {
		case "cleanup.policy":
			if value != "delete" {
				return t.wrong("has cleanup.policy=%s: set it to delete, or its records would go before they are read", value)
			}
		case "compression.type":
			if !slices.Contains([]string{"producer", "uncompressed", "snappy"}, value) {
				return t.wrong("has compression.type=%s: set it to producer, or its readers would hold more than they may", value)
			}
		case "max.message.bytes":
			if n, err := strconv.ParseInt(value, 10, 64); err == nil && n < t.maxMessage {
				return t.wrong("has max.message.bytes=%d: set it to %d, or `max_message` of `edges: {kafka: …}` to less", n, t.maxMessage)
			}
		case "retention.ms", "retention.bytes":
			if value != "-1" {
				slog.Warn("the topic of an edge drops records, whether they were read or not: set it to -1", "node", t.node, "topic", t.name, c.Key, value)
			}
		}
	}
	return nil
}
