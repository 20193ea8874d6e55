package parquet

import (
	"github.com/parquet-go/parquet-go"

	"github.com/flowc-dev/flowc/runtime/codec/row"
)

const (
	// batchRows and batchBytes are how much is taken apart before columns get it:
	// small enough to stay in the cache, and so that pages do not grow far beyond
	// their size.
	batchRows  = 256
	batchBytes = 256 << 10
)

// A shredder takes records apart into the values of columns.
type shredder struct {
	nodes  []*node
	time   string
	scale  int
	leaves [][]parquet.Value
	// text is what values point into that are not in their record as they are
	// written: decimals, and times as text.
	text []byte
}

// record takes one record apart, and returns what comes behind it.
func (s *shredder) record(record []byte) (rest []byte, err error) {
	for _, n := range s.nodes {
		if record, err = s.value(n, record, 0, 0); err != nil {
			return nil, err
		}
	}
	return record, nil
}

// value takes the value of a node apart. rep is the repetition level of its first
// value, above the definition level of what it is in.
func (s *shredder) value(n *node, record []byte, rep, above int) ([]byte, error) {
	switch row.KindOf(record) { // most are one of these
	case row.Int, row.Uint, row.Duration:
		num, rest := row.NextNum(record)
		s.leaves[n.from] = append(s.leaves[n.from], parquet.Int64Value(num).Level(rep, n.def, n.from))
		return rest, nil
	case row.Text, row.Bytes, row.JSON:
		b, rest := row.NextBytes(record)
		s.leaves[n.from] = append(s.leaves[n.from], parquet.ByteArrayValue(b).Level(rep, n.def, n.from))
		return rest, nil
	}
	v, rest := row.Next(record)
	if v.Kind == row.Null {
		s.absent(n, rep, above)
		return rest, nil
	}
	var err error
	switch n.kind {
	case structKind:
		for _, p := range n.parts {
			if rest, err = s.value(p, rest, rep, n.def); err != nil {
				return nil, err
			}
		}
		return rest, nil
	case listKind, mapKind:
		if v.Num == 0 {
			s.absent(n, rep, n.def)
			return rest, nil
		}
		for range v.Num {
			for _, p := range n.parts {
				if rest, err = s.value(p, rest, rep, n.def+1); err != nil {
					return nil, err
				}
			}
			rep = n.rep
		}
		return rest, nil
	}
	pv, err := s.leaf(v)
	if err != nil {
		return nil, err
	}
	s.leaves[n.from] = append(s.leaves[n.from], pv.Level(rep, n.def, n.from))
	return rest, nil
}

// absent writes for all columns below a node that there is no value.
func (s *shredder) absent(n *node, rep, def int) {
	for i := n.from; i < n.to; i++ {
		s.leaves[i] = append(s.leaves[i], parquet.Value{}.Level(rep, def, i))
	}
}

// leaf is one value as its column has it.
func (s *shredder) leaf(v row.Value) (parquet.Value, error) {
	switch v.Kind {
	case row.False, row.True:
		return parquet.BooleanValue(v.Kind == row.True), nil
	case row.Float:
		return parquet.DoubleValue(v.Float()), nil
	case row.Time:
		if s.time == "text" {
			at := len(s.text)
			var err error
			s.text, err = appendTimeText(s.text, v)
			return parquet.ByteArrayValue(s.text[at:len(s.text):len(s.text)]), err
		}
		t, err := timestamp(v, s.time == "micros")
		return parquet.Int64Value(t), err
	case row.Decimal:
		if s.scale >= 0 {
			at := len(s.text)
			var err error
			s.text, err = appendDecimal(s.text, v.Bytes, s.scale)
			return parquet.FixedLenByteArrayValue(s.text[at:len(s.text):len(s.text)]), err
		}
	}
	return parquet.ByteArrayValue(v.Bytes), nil
}

// reset forgets what was taken apart.
func (s *shredder) reset() {
	for i := range s.leaves {
		s.leaves[i] = s.leaves[i][:0]
	}
	s.text = s.text[:0]
}
