package flow

import (
	"bytes"
	"encoding/json"
)

// A place is how far a split has been handed on.
type place struct {
	// position is the source's, to resume behind; a json.RawMessage where it
	// comes from a checkpoint and nothing was read since.
	position any
	moved    bool
	// records and lines are those before it, Unknown behind a rewind.
	records, lines int64
}

// A placeBook holds the places of a source's splits.
type placeBook struct {
	bySplit map[string]*place
	split   string // the last one asked for
	last    *place
	scratch place // for sources that can't go back: only the last split counts
}

// of finds the place of the batch's split and notes in the batch where it
// begins.
func (k *placeBook) of(in *Input, b *Batch) *place {
	if in.source == nil || b.Mark >= MarkBarrier {
		return nil
	}
	switch {
	case k.last != nil && k.split == b.Split:
	case k.bySplit == nil:
		k.scratch = place{}
		k.split, k.last = b.Split, &k.scratch
	default:
		k.split, k.last = b.Split, k.bySplit[b.Split]
		if k.last == nil {
			k.last = &place{}
			k.bySplit[b.Split] = k.last
		}
	}
	st := &b.engine
	st.line, st.number = -1, -1
	switch {
	case in.options.Lines && b.Base >= 0:
		st.line = b.Base
	case in.options.Lines:
		st.line = k.last.lines
	case b.Base >= 0:
		st.number = b.Base
	default:
		st.number = k.last.records
	}
	return k.last
}

// advance moves the place behind the batch.
func (p *place) advance(in *Input, b *Batch) {
	if p == nil {
		return
	}
	run := &b.engine.run
	if b.Position != nil {
		p.position = b.Position
		p.moved = true
	}
	records := run.counts[in.node].In
	if p.records != Unknown {
		p.records += records
	}
	if in.options.Lines && p.lines != Unknown {
		if run.verdict == goOn {
			p.lines += records + int64(run.blank)
		} else {
			p.lines += int64(bytes.Count(b.Data, []byte{'\n'}))
		}
	}
}

// A sourceMark is a source's part of a checkpoint.
type sourceMark struct {
	splits map[string]place
}

// snapshot copies the places, for a checkpoint.
func (k *placeBook) snapshot() sourceMark {
	m := sourceMark{splits: make(map[string]place, len(k.bySplit))}
	for split, p := range k.bySplit {
		if p.position != nil {
			m.splits[split] = *p
		}
	}
	return m
}

// restore begins where a checkpoint ended.
func (k *placeBook) restore(splits map[string]SplitState) {
	for split, s := range splits {
		k.bySplit[split] = &place{position: s.Position, records: s.Records, lines: s.Lines}
	}
}

// begin begins where the source itself says, in all its splits.
func (k *placeBook) begin(start map[string]any) {
	clear(k.bySplit)
	for split, position := range start {
		k.bySplit[split] = &place{position: position}
	}
}

// positions is what the source itself gave since the start.
func (m sourceMark) positions() map[string]any {
	positions := make(map[string]any, len(m.splits))
	for split, p := range m.splits {
		if p.moved {
			positions[split] = p.position
		}
	}
	return positions
}

// saved is the mark as it stands in a checkpoint.
func (m sourceMark) saved() (map[string]SplitState, error) {
	splits := make(map[string]SplitState, len(m.splits))
	for split, p := range m.splits {
		position, err := json.Marshal(p.position)
		if err != nil {
			return nil, err
		}
		splits[split] = SplitState{Position: position, Records: p.records, Lines: p.lines}
	}
	return splits, nil
}

// positionsOf is what Seeker.Seek gets.
func positionsOf(splits map[string]SplitState) map[string]json.RawMessage {
	positions := make(map[string]json.RawMessage, len(splits))
	for split, s := range splits {
		positions[split] = s.Position
	}
	return positions
}
