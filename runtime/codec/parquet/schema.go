// Package parquet writes records of typed rows (package row) as row groups of
// Parquet files, and reads Parquet files of anybody's as JSON objects.
//
// It is a package of its own, and with the library behind it much larger than a
// connector, so that programs without a Parquet file carry none of it.
//
// A file that is written here is made of parts that stand on their own: each row
// group has its page indexes and a description of itself right behind it, and so
// the footer can be made from a file that was cut behind any of them. Readers find
// everything by the footer; what lies between row groups is not looked at.
package parquet

import (
	"fmt"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// kind is what a node of the schema is, in the words of connect.Column.
type kind string

// Those that have parts.
const (
	structKind kind = "struct"
	listKind   kind = "list"
	mapKind    kind = "map"
)

// A node is a column, or what has columns below it, as records are taken apart.
type node struct {
	name     string
	kind     kind
	optional bool
	// def is the definition level of a value that is there, rep the repetition
	// level of a further element of a list or a map.
	def, rep int
	// from and to are the leaves below it (of a leaf: its own).
	from, to int
	parts    []*node
}

// describe makes the nodes of columns. leaves counts the leaves before them.
func describe(columns []connect.Column, def, rep int, leaves *int) []*node {
	nodes := make([]*node, len(columns))
	for i, c := range columns {
		n := &node{name: c.Name, kind: kind(c.Type), optional: c.Optional, def: def, rep: rep, from: *leaves}
		if c.Optional {
			n.def++
		}
		switch n.kind {
		case structKind:
			n.parts = describe(c.Parts, n.def, rep, leaves)
		case listKind:
			n.rep++
			n.parts = describe(c.Parts, n.def+1, n.rep, leaves)
		case mapKind:
			n.rep++
			n.parts = describe([]connect.Column{{Name: "key", Type: "string"}, c.Parts[0]}, n.def+1, n.rep, leaves)
		default:
			*leaves++
		}
		n.to = *leaves
		nodes[i] = n
	}
	return nodes
}

// A group is a parquet.Group whose fields keep their order.
type group struct {
	parquet.Group
	fields []parquet.Field
}

// Fields are the fields in the order in which they were declared.
func (g group) Fields() []parquet.Field { return g.fields }

// A schema is how columns become the nodes of the library.
type schema struct {
	options *connect.Parquet
	// dictionary tells of each leaf whether its values stand in a dictionary; nil
	// for none.
	dictionary []bool
	leaves     int // that were made so far
}

// group makes the schema of columns.
func (s *schema) group(columns []connect.Column) (group, error) {
	g := group{Group: parquet.Group{}}
	for _, c := range columns {
		n, err := s.node(c)
		if err != nil {
			return g, err
		}
		if g.Group[c.Name] != nil {
			return g, fmt.Errorf("two columns are called %q", c.Name)
		}
		g.Group[c.Name] = n
	}
	byName := map[string]parquet.Field{}
	for _, f := range g.Group.Fields() {
		byName[f.Name()] = f
	}
	for _, c := range columns {
		g.fields = append(g.fields, byName[c.Name])
	}
	return g, nil
}

// node makes the schema of one column.
func (s *schema) node(c connect.Column) (parquet.Node, error) {
	n, err := s.value(c)
	if err != nil {
		return nil, err
	}
	if c.Optional {
		return parquet.Optional(n), nil
	}
	return parquet.Required(n), nil
}

func (s *schema) value(c connect.Column) (parquet.Node, error) {
	switch kind(c.Type) {
	case structKind:
		return s.group(c.Parts)
	case listKind:
		of, err := s.node(c.Parts[0])
		if err != nil {
			return nil, err
		}
		return parquet.List(of), nil
	case mapKind:
		key := s.leaf(parquet.String())
		value, err := s.node(c.Parts[0])
		if err != nil {
			return nil, err
		}
		return parquet.Map(key, value), nil
	}
	n, err := s.scalar(c)
	if err != nil {
		return nil, err
	}
	return s.leaf(n), nil
}

// leaf makes a column one with a dictionary, where it is to have one.
func (s *schema) leaf(n parquet.Node) parquet.Node {
	i := s.leaves
	s.leaves++
	if s.dictionary != nil && s.dictionary[i] {
		return parquet.Encoded(n, &parquet.RLEDictionary)
	}
	return n
}

func (s *schema) scalar(c connect.Column) (parquet.Node, error) {
	switch c.Type {
	case "string", "enum":
		return parquet.String(), nil
	case "int", "int64":
		return parquet.Int(64), nil
	case "uint64":
		return parquet.Uint(64), nil
	case "float64":
		return parquet.Leaf(parquet.DoubleType), nil
	case "bool":
		return parquet.Leaf(parquet.BooleanType), nil
	case "bytes":
		return parquet.Leaf(parquet.ByteArrayType), nil
	case "json":
		return parquet.JSON(), nil
	case "duration":
		return parquet.Leaf(parquet.Int64Type), nil
	case "decimal", "number":
		scale, err := places(s.options.Decimals)
		if err != nil {
			return nil, err
		}
		if scale < 0 {
			return parquet.String(), nil
		}
		return parquet.Decimal(scale, maxDigits, parquet.FixedLenByteArrayType(decimalBytes)), nil
	case "time":
		switch s.options.Time {
		case "text":
			return parquet.String(), nil
		case "micros":
			return parquet.Timestamp(parquet.Microsecond), nil
		}
		return parquet.Timestamp(parquet.Nanosecond), nil
	}
	return nil, fmt.Errorf("the column %q has the type %q, which is none", c.Name, c.Type)
}

// places is how many a decimal has; -1 where it is text.
func places(decimals string) (int, error) {
	if decimals == "" || decimals == "text" {
		return -1, nil
	}
	n, err := strconv.Atoi(decimals)
	if err != nil || n < 0 || n > maxDigits {
		return 0, fmt.Errorf("parquet.decimals %q is neither text nor a number of places from 0 to %d", decimals, maxDigits)
	}
	return n, nil
}
