package kafka

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/flowc-dev/flowc/runtime/connect/messages"
)

// A selection is which topics to read.
type selection struct {
	names    []string
	patterns []*regexp.Regexp
}

// selected reads the key `topics`.
func selected(topics []string) (s selection, err error) {
	if len(topics) == 0 {
		return s, errors.New("topics is empty: name the topics to read")
	}
	for _, t := range topics {
		switch {
		case t == "":
			return s, errors.New("a topic of topics is empty")
		case !strings.HasPrefix(t, "^"):
			s.names = append(s.names, t)
		default:
			r, err := regexp.Compile(t)
			if err != nil {
				return s, fmt.Errorf("the topic %q begins with ^ and is no regular expression: %w", t, err)
			}
			s.patterns = append(s.patterns, r)
		}
	}
	return s, nil
}

// expressions are the topics for a client that knows regular expressions alone,
// all being such where one is.
func (s selection) expressions() (topics []string, regular bool) {
	if len(s.patterns) == 0 {
		return s.names, false
	}
	for _, n := range s.names {
		topics = append(topics, "^"+regexp.QuoteMeta(n)+"$")
	}
	for _, p := range s.patterns {
		topics = append(topics, p.String())
	}
	return topics, true
}

func (s selection) has(topic string) bool {
	return slices.Contains(s.names, topic) || slices.ContainsFunc(s.patterns, func(r *regexp.Regexp) bool { return r.MatchString(topic) })
}

// partitions lists the partitions of the topics that there are. A topic that is
// named and is not there is an error.
func (s selection) partitions(ctx context.Context, l *link) ([]partition, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ask := s.names
	if len(s.patterns) > 0 {
		ask = nil // all
	}
	topics, err := kadm.NewClient(l.client).ListTopics(ctx, ask...)
	if err != nil {
		return nil, l.failed(err)
	}
	for _, name := range s.names {
		t, ok := topics[name]
		switch {
		case !ok, errors.Is(t.Err, kerr.UnknownTopicOrPartition):
			return nil, &noTopicError{name}
		case t.Err != nil && kerr.IsRetriable(t.Err):
			return nil, l.Gone(fmt.Errorf("topic %s: %w", name, t.Err))
		case t.Err != nil:
			return nil, fmt.Errorf("topic %s: %w", name, t.Err)
		}
	}
	var all []partition
	for _, t := range topics.Sorted() {
		if t.Err != nil || !s.has(t.Topic) {
			continue
		}
		for _, p := range t.Partitions.Sorted() {
			all = append(all, partition{t.Topic, p.Partition})
		}
	}
	return all, nil
}

// A noTopicError is a topic that is named and is not there.
type noTopicError struct{ name string }

func (e *noTopicError) Error() string {
	return "there is no topic " + e.name + ": make it, or correct `topics`"
}

// An extent is from where to where there are messages in a partition: from is the
// first, to behind the last, begin where a first run begins.
type extent struct{ from, to, begin int64 }

// extents asks for those of partitions.
func extents(ctx context.Context, l *link, of []partition, start messages.Start) (map[partition]extent, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	admin, begin := kadm.NewClient(l.client), 0
	ask := []listing{admin.ListStartOffsets, admin.ListEndOffsets}
	switch {
	case start.Latest:
		begin = 1
	case !start.Time.IsZero():
		begin, ask = 2, append(ask, since(admin, start.Time.UnixMilli()))
	}
	found, err := offsetsOf(ctx, l, of, ask...)
	if err != nil {
		return nil, err
	}
	all := make(map[partition]extent, len(of))
	for p, at := range found {
		all[p] = extent{at[0], at[1], at[begin]}
	}
	return all, nil
}
