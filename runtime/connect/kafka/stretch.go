package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A stretch is a part of a partition that is read from its begin to an end that is
// known.
type stretch struct {
	of        partition
	next, end int64
	records   []*kgo.Record // that were fetched, and not given yet
}

func (s *stretch) done() bool { return s.next >= s.end }

// quietEnd is how long a partition may give nothing that was to give something,
// with brokers that are there, until it counts as read: what is left of it are then
// messages of transactions that were given up.
const quietEnd = 5 * time.Second

// stretching are the options of a client that reads stretches. The ends of
// transactions are messages too, and may be the last ones.
func stretching() []kgo.Opt { return append(fetching(), kgo.KeepControlRecords()) }

// stable asks from where to where partitions have messages that no transaction can
// take back any more.
func stable(ctx context.Context, l *link, of []partition) (map[partition]extent, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	admin := kadm.NewClient(l.client)
	found, err := offsetsOf(ctx, l, of, admin.ListStartOffsets, admin.ListCommittedOffsets)
	if err != nil {
		return nil, err
	}
	all := make(map[partition]extent, len(of))
	for p, at := range found {
		all[p] = extent{from: at[0], to: at[1]}
	}
	return all, nil
}

// readStretches gives the messages of stretches of different partitions: of each in
// its order, and of several the one whose time is earliest.
func readStretches(ctx context.Context, l *link, parts []*stretch, yield func(value []byte) error) error {
	offsets := map[string]map[int32]kgo.Offset{}
	for _, s := range parts {
		if offsets[s.of.topic] == nil {
			offsets[s.of.topic] = map[int32]kgo.Offset{}
		}
		offsets[s.of.topic][s.of.number] = kgo.NewOffset().At(s.next)
	}
	l.client.AddConsumePartitions(offsets)
	defer l.client.RemoveConsumePartitions(numbersOf(parts))
	for {
		if err := fill(ctx, l, parts); err != nil {
			return err
		}
		parts = slices.DeleteFunc(parts, func(s *stretch) bool { return len(s.records) == 0 && s.done() })
		if len(parts) == 0 {
			return nil
		}
		oldest := slices.MinFunc(parts, func(a, b *stretch) int {
			return cmp.Or(a.records[0].Timestamp.Compare(b.records[0].Timestamp), cmp.Compare(a.of.topic, b.of.topic), cmp.Compare(a.of.number, b.of.number))
		})
		r := oldest.records[0]
		oldest.records[0] = nil
		oldest.records = oldest.records[1:]
		if err := yield(r.Value); err != nil {
			return err
		}
	}
}

// numbersOf are the partitions of stretches, by topic.
func numbersOf(parts []*stretch) map[string][]int32 {
	numbers := map[string][]int32{}
	for _, s := range parts {
		numbers[s.of.topic] = append(numbers[s.of.topic], s.of.number)
	}
	return numbers
}

// fill fetches until each stretch that is not read to its end has something. Those
// that have are not asked meanwhile, so what is held is bounded.
func fill(ctx context.Context, l *link, parts []*stretch) error {
	quiet := time.Now()
	for {
		var hungry, fed []*stretch
		for _, s := range parts {
			if len(s.records) == 0 && !s.done() {
				hungry = append(hungry, s)
			} else {
				fed = append(fed, s)
			}
		}
		if len(hungry) == 0 {
			return nil
		}
		l.client.PauseFetchPartitions(numbersOf(fed))
		l.client.ResumeFetchPartitions(numbersOf(hungry))
		if _, _, err := l.Ready(ctx); err != nil {
			return err
		}
		poll, cancel := context.WithTimeout(ctx, look)
		fetches := l.client.PollRecords(poll, 0)
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, e := range fetches.Errors() {
			if !errors.Is(e.Err, context.DeadlineExceeded) && !kerr.IsRetriable(e.Err) && !errors.Is(e.Err, kerr.SaslAuthenticationFailed) {
				return l.failed(fmt.Errorf("%s: %w", partition{e.Topic, e.Partition}, e.Err))
			}
		}
		fetches.EachRecord(func(r *kgo.Record) {
			quiet = time.Now()
			of := partition{r.Topic, r.Partition}
			if at := slices.IndexFunc(parts, func(s *stretch) bool { return s.of == of }); at >= 0 {
				parts[at].take(r)
			}
		})
		if time.Since(quiet) < quietEnd {
			continue
		}
		if err := l.healthy(ctx); err != nil {
			return err
		}
		for _, s := range hungry {
			if len(s.records) == 0 {
				s.next = s.end
			}
		}
	}
}

// take adds a message of the stretch's partition.
func (s *stretch) take(r *kgo.Record) {
	switch {
	case r.Offset >= s.end:
		s.next = s.end
	case r.Offset >= s.next:
		if s.next = r.Offset + 1; !r.Attrs.IsControl() {
			s.records = append(s.records, r)
		}
	}
}
