package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Column is a field of a source's records, as the system that has them says it.
type Column struct {
	Name string `json:"name"`
	// Type is a word of the language (int64), one in brackets for a list of it
	// ([string]), enum, or, where it has Parts: struct, list or map.
	Type string `json:"type"`
	// Parts are the fields of a struct, the element of a list, or the value of a map;
	// these two have no names.
	Parts []Column `json:"parts,omitempty"`
	// Values are those of an enum.
	Values []string `json:"values,omitempty"`
	// Optional tells that the value may be missing.
	Optional bool `json:"optional,omitempty"`
	// Note says what made the type doubtful, "" where nothing did.
	Note string `json:"note,omitempty"`
}

// A Declarer is a source whose system says what the records are: a table. Columns
// is called instead of Open. Where it finds that there is nobody to say it, the error
// is [ErrNothingToLearn].
type Declarer interface {
	Columns(ctx context.Context) ([]Column, error)
}

// A Sampler is a source that can look at records without taking them: nobody else
// gets fewer or others because of it, and no position moves. Sample is called
// instead of Open, and calls yield with n of them at most, from among the oldest and
// the newest; an error of yield ends it.
type Sampler interface {
	Sample(ctx context.Context, n int, yield func(record []byte) error) error
}

// ErrNothingToLearn tells that a source has no way to show what its records are.
var ErrNothingToLearn = errors.New("it can't be asked what its records are")

// SourceNames are the names of the sources, in their order.
func (p *Program) SourceNames() []string {
	names := make([]string, len(p.sources))
	for i, in := range p.sources {
		names[i] = in.name
	}
	return names
}

// Learn asks a source what its records are: it gives their columns, or calls yield
// with a sample of n records. Nothing is read for good, and the program is not run.
func (p *Program) Learn(ctx context.Context, source string, n int, yield func(record []byte) error) (columns []Column, err error) {
	at := slices.IndexFunc(p.sources, func(in *Input) bool { return in.name == source })
	if at < 0 {
		return nil, fmt.Errorf("the pipeline has no source `%s`: it has `%s`", source, strings.Join(p.SourceNames(), "`, `"))
	}
	in := p.sources[at]
	switch s := in.source.(type) {
	case Declarer:
		err = p.guardCtx(ctx, in.node, func(ctx context.Context) (err error) {
			columns, err = s.Columns(ctx)
			return err
		})
	case Sampler:
		err = p.guardCtx(ctx, in.node, func(ctx context.Context) error { return s.Sample(ctx, n, yield) })
	default:
		return nil, ErrNothingToLearn
	}
	if errors.Is(err, ErrNothingToLearn) {
		return nil, ErrNothingToLearn
	}
	if err != nil {
		return nil, p.nodeError(in.node, "infer", err)
	}
	return columns, nil
}
