package kafka

import (
	"context"
	"errors"
)

// Letters gives back the dead letters that the topic has now, the oldest first: of
// each partition the order in which they stand there, and of several the one whose
// time is earliest. It has a connection of its own, and may be called while the sink
// writes. That there is no topic yet is no error.
func (s *Sink) Letters(ctx context.Context, yield func(letter []byte) error) error {
	if s.topic >= 0 {
		return errors.New("its topic changes with the record, so nobody knows where all letters are")
	}
	from, err := newLink(s.link.access)
	if err != nil {
		return err
	}
	if err := from.start(ctx, stretching()...); err != nil {
		return err
	}
	defer from.close()
	all, err := selection{names: []string{s.config.Topic}}.partitions(ctx, from)
	var none *noTopicError
	if errors.As(err, &none) {
		return nil
	}
	if err != nil {
		return err
	}
	found, err := stable(ctx, from, all)
	if err != nil {
		return err
	}
	var parts []*stretch
	for _, p := range all {
		if e := found[p]; e.from < e.to {
			parts = append(parts, &stretch{of: p, next: e.from, end: e.to})
		}
	}
	return readStretches(ctx, from, parts, yield)
}
