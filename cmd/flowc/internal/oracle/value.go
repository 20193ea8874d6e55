package oracle

import (
	"maps"
	"slices"
)

// A value is what a field holds:
//
//	string, enum       string
//	int, int64         int64
//	uint64             uint64
//	float64            float64
//	bool               bool
//	bytes              []byte
//	time, duration     time.Time, time.Duration
//	decimal, number    dec
//	json               raw
//	any                anything that encoding/json makes of JSON
//	list, map          []value, map[string]value
//	struct             object
//
// An optional field that is missing is nil.
type value any

// raw is JSON as it stands in the data.
type raw []byte

// An object is a struct: its fields by their names in Go.
type object map[string]value

// A fault is the error of a record: what user code or a decoder ends with. It
// is panicked with, and recovered by the node that it belongs to.
type fault struct {
	code string
	msg  string
	// again tells that a policy which says so tries again; attempts is how often
	// it was tried, 0 for once.
	again    bool
	attempts int
	// input is what a sink got, where that is what failed.
	input []byte
}

// copied is a value that shares no memory with v.
func copied(v value) value {
	switch v := v.(type) {
	case object:
		o := maps.Clone(v)
		for k := range o {
			o[k] = copied(o[k])
		}
		return o
	case []value:
		l := slices.Clone(v)
		for i := range l {
			l[i] = copied(l[i])
		}
		return l
	case map[string]value:
		m := maps.Clone(v)
		for k := range m {
			m[k] = copied(m[k])
		}
		return m
	case []byte:
		return slices.Clone(v)
	}
	return v
}
