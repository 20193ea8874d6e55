package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
)

var errUnlisted = errors.New("the brokers do not say where it begins and ends")

// A listing asks the brokers for an offset in each partition of topics.
type listing func(ctx context.Context, topics ...string) (kadm.ListedOffsets, error)

// since lists the first messages that are not older than a time, in milliseconds.
func since(admin *kadm.Client, milli int64) listing {
	return func(ctx context.Context, topics ...string) (kadm.ListedOffsets, error) {
		return admin.ListOffsetsAfterMilli(ctx, milli, topics...)
	}
}

// offsetsOf asks for offsets of partitions: of each as many as there are listings, in
// their order.
func offsetsOf(ctx context.Context, l *link, of []partition, ask ...listing) (map[partition][]int64, error) {
	var topics []string
	for _, p := range of {
		if !slices.Contains(topics, p.topic) {
			topics = append(topics, p.topic)
		}
	}
	found := make(map[partition][]int64, len(of))
	for i, list := range ask {
		listed, err := list(ctx, topics...)
		if err != nil {
			return nil, l.failed(err)
		}
		for _, p := range of {
			o, ok := listed.Lookup(p.topic, p.number)
			if !ok || o.Err != nil {
				return nil, l.Gone(fmt.Errorf("%s has no offsets: %w", p, errors.Join(o.Err, errUnlisted)))
			}
			if found[p] == nil {
				found[p] = make([]int64, len(ask))
			}
			found[p][i] = o.Offset
		}
	}
	return found, nil
}
