package parquet

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// columnsOf are the columns of a file. What they say is what a pipeline may ask for:
// the file fits them, and gives the same records.
func columnsOf(t *testing.T, file []byte) []connect.Column {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file), int64(len(file)), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	columns := r.Columns()
	if got, want := lines(t, file, columns, 0), lines(t, file, nil, 0); !reflect.DeepEqual(got, want) {
		t.Errorf("with its own columns the file has\n%s\nnot\n%s", got, want)
	}
	return columns
}

// A file that was written here says its own columns, but for what Parquet has no
// word for: an enum is text, an int has 64 bits, a duration is a number, and so on.
func TestColumnsOfOurs(t *testing.T) {
	plain := map[string]string{"enum": "string", "int": "int64", "duration": "int64", "decimal": "string", "number": "string"}
	var as func(list []connect.Column) []connect.Column
	as = func(list []connect.Column) []connect.Column {
		var out []connect.Column
		for _, c := range list {
			if word := plain[c.Type]; word != "" {
				c.Type = word
			}
			c.Parts = as(c.Parts)
			out = append(out, c)
		}
		return out
	}
	if got, want := columnsOf(t, fileOf(t, everything, connect.Parquet{}, 10, records(12)...)), as(everything); !reflect.DeepEqual(got, want) {
		t.Errorf("columns\n%+v\nnot\n%+v", got, want)
	}
}

// The logical types of files of others, optional elements and lists without a group
// have a type each.
func TestColumnsOfOthers(t *testing.T) {
	file := new(bytes.Buffer)
	optional := parquet.Optional
	w := parquet.NewWriter(file, parquet.NewSchema("root", parquet.Group{
		"a_decimal":  parquet.Decimal(2, 9, parquet.Int32Type),
		"b_decimal":  optional(parquet.Decimal(4, 30, parquet.FixedLenByteArrayType(13))),
		"c_date":     parquet.Date(),
		"d_at":       parquet.Timestamp(parquet.Millisecond),
		"e_time":     parquet.Time(parquet.Microsecond),
		"f_uuid":     parquet.UUID(),
		"g_enum":     parquet.Enum(),
		"h_json":     parquet.JSON(),
		"i_int":      parquet.Int(16),
		"j_uint":     parquet.Uint(32),
		"k_uint":     parquet.Uint(64),
		"l_float":    parquet.Leaf(parquet.FloatType),
		"m_int96":    parquet.Leaf(parquet.Int96Type),
		"n_bytes":    parquet.Leaf(parquet.FixedLenByteArrayType(3)),
		"o_bare":     parquet.Repeated(parquet.String()),
		"p_list":     optional(parquet.List(optional(parquet.Int(32)))),
		"q_map":      parquet.Map(parquet.String(), optional(parquet.Group{"x": parquet.Leaf(parquet.DoubleType)})),
		"r_repeated": parquet.Repeated(parquet.Group{"y": optional(parquet.Leaf(parquet.BooleanType))}),
	}))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	column := func(name, typ string, optional bool, parts ...connect.Column) connect.Column {
		return connect.Column{Name: name, Type: typ, Optional: optional, Parts: parts}
	}
	want := []connect.Column{
		column("a_decimal", "decimal", false), column("b_decimal", "decimal", true), column("c_date", "time", false),
		column("d_at", "time", false), column("e_time", "duration", false), column("f_uuid", "string", false),
		column("g_enum", "string", false), column("h_json", "json", false), column("i_int", "int", false),
		column("j_uint", "int64", false), column("k_uint", "uint64", false), column("l_float", "float64", false),
		column("m_int96", "time", false), column("n_bytes", "bytes", false),
		column("o_bare", "list", false, column("", "string", false)),
		column("p_list", "list", true, column("", "int", true)),
		column("q_map", "map", false, column("", "struct", true, column("x", "float64", false))),
		column("r_repeated", "list", false, column("", "struct", false, column("y", "bool", true))),
	}
	if got := columnsOf(t, file.Bytes()); !reflect.DeepEqual(got, want) {
		t.Errorf("columns\n%+v\nnot\n%+v", got, want)
	}
}

// Rows that a Go struct of another program wrote have the columns of its fields, and
// their values are read by them.
func TestColumnsOfAStruct(t *testing.T) {
	type row struct {
		ID   int64             `parquet:"id"`
		At   time.Time         `parquet:"at,timestamp(microsecond)"`
		Memo *string           `parquet:"memo,optional"`
		Tags map[string]string `parquet:"tags"`
	}
	file, memo := new(bytes.Buffer), "m"
	if err := parquet.Write(file, []row{{ID: 1, Tags: map[string]string{"a": "b"}}, {ID: 2, Memo: &memo}}); err != nil {
		t.Fatal(err)
	}
	want := []connect.Column{
		{Name: "id", Type: "int64"},
		{Name: "at", Type: "time"},
		{Name: "memo", Type: "string", Optional: true},
		{Name: "tags", Type: "map", Parts: []connect.Column{{Type: "string"}}},
	}
	if got := columnsOf(t, file.Bytes()); !reflect.DeepEqual(got, want) {
		t.Errorf("columns\n%+v\nnot\n%+v", got, want)
	}
}

// A map whose keys are no strings can't be an object: where all is read, that is said
// with what to do, and a type without the map reads the rest.
func TestColumnsThatNobodyReads(t *testing.T) {
	file := new(bytes.Buffer)
	w := parquet.NewWriter(file, parquet.NewSchema("root", parquet.Group{
		"id": parquet.Int(64), "by": parquet.Map(parquet.Int(32), parquet.String()),
	}))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	size := int64(file.Len())
	const want = "it does not fit the pipeline's type: the column `by.key_value.key` is INT(32,true), and the keys of a map are strings: name the columns to read in a type, without it"
	if _, err := NewReader(bytes.NewReader(file.Bytes()), size, nil, 0); err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	r, err := NewReader(bytes.NewReader(file.Bytes()), size, []connect.Column{{Name: "id", Type: "int64"}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}
