package parquet

import (
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// Columns are the columns that are read, by what the file says of them: each with
// the type of the language that holds all of its values.
func (r *Reader) Columns() []connect.Column { return r.root.columns() }

// columns are those of a struct.
func (f *field) columns() []connect.Column {
	var list []connect.Column
	for _, p := range f.parts {
		if p.silent {
			continue
		}
		c := p.describe()
		c.Name = p.column.Name()
		list = append(list, c)
	}
	return list
}

// describe is a column without its name.
func (f *field) describe() connect.Column {
	c := connect.Column{Type: string(f.kind), Optional: f.column.Optional()}
	switch f.kind {
	case structKind:
		c.Parts = f.columns()
	case listKind, mapKind:
		c.Parts = []connect.Column{f.of.describe()}
	default:
		c.Type = scalarOf(f.column)
	}
	return c
}

// scalarOf is the word of the language for the values of a column.
func scalarOf(c *parquet.Column) string {
	switch c.Type().Kind() {
	case parquet.Boolean:
		return "bool"
	case parquet.Int32, parquet.Int64:
		return integerOf(c)
	case parquet.Int96:
		return "time"
	case parquet.Float, parquet.Double:
		return "float64"
	}
	switch logical(c).(type) {
	case *format.DecimalType:
		return "decimal"
	case *format.JsonType:
		return "json"
	case *format.StringType, *format.EnumType, *format.UUIDType:
		return "string"
	}
	switch {
	case converted(c, deprecated.Json):
		return "json"
	case converted(c, deprecated.UTF8, deprecated.Enum):
		return "string"
	}
	return "bytes"
}

// integerOf is scalarOf for columns that are stored as whole numbers.
func integerOf(c *parquet.Column) string {
	bits, unsigned := 64, converted(c, deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64)
	if c.Type().Kind() == parquet.Int32 {
		bits = 32
	}
	switch l := logical(c).(type) {
	case *format.DecimalType:
		return "decimal"
	case *format.DateType, *format.TimestampType:
		return "time"
	case *format.TimeType:
		return "duration"
	case *format.IntType:
		unsigned = !l.IsSigned
	}
	switch {
	case unsigned && bits == 64:
		return "uint64"
	case unsigned || bits == 64:
		return "int64"
	}
	return "int"
}
