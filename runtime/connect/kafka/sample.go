package kafka

import (
	"context"
	"fmt"
	"strings"
)

// Sample gives some of the messages that the topics have: of each partition the
// oldest and the newest.
func (s *Source) Sample(ctx context.Context, n int, yield func(record []byte) error) error {
	return sample(ctx, s.link.access, s.topics, n, yield)
}

// Sample gives some of the messages that the topics have: of each partition the
// oldest and the newest. The group knows nothing of it.
func (s *GroupSource) Sample(ctx context.Context, n int, yield func(record []byte) error) error {
	return sample(ctx, s.link.access, s.topics, n, yield)
}

func sample(ctx context.Context, a access, topics selection, n int, yield func(record []byte) error) error {
	l, err := newLink(a)
	if err != nil {
		return err
	}
	if err := l.start(ctx, stretching()...); err != nil {
		return err
	}
	defer l.close()
	all, err := topics.partitions(ctx, l)
	if err != nil {
		return err
	}
	found, err := stable(ctx, l, all)
	if err != nil {
		return err
	}
	sizes := make([]int64, len(all))
	for i, p := range all {
		sizes[i] = found[p].to - found[p].from
	}
	var oldest, newest []*stretch
	for i, share := range shares(sizes, int64(n)) {
		e, older := found[all[i]], (share+1)/2
		if share == sizes[i] {
			older = share
		}
		if older > 0 {
			oldest = append(oldest, &stretch{of: all[i], next: e.from, end: e.from + older})
		}
		if newer := share - older; newer > 0 {
			newest = append(newest, &stretch{of: all[i], next: e.to - newer, end: e.to})
		}
	}
	if len(oldest) == 0 {
		names, _ := topics.expressions()
		return fmt.Errorf("%s: there are no messages in %s yet, and nothing else tells what they will be", l.Server, strings.Join(names, ", "))
	}
	if err := readStretches(ctx, l, oldest, yield); err != nil {
		return err
	}
	return readStretches(ctx, l, newest, yield)
}

// shares divides n among partitions of these sizes: as evenly as they have it.
func shares(sizes []int64, n int64) []int64 {
	out := make([]int64, len(sizes))
	for left := n; left > 0; {
		open := int64(0)
		for i := range sizes {
			if out[i] < sizes[i] {
				open++
			}
		}
		if open == 0 {
			return out
		}
		each := max(1, left/open)
		for i := range sizes {
			more := min(each, sizes[i]-out[i], left)
			out[i] += more
			left -= more
		}
	}
	return out
}
