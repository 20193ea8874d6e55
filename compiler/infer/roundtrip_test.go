package infer

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/runtime/codec/csv"
	"github.com/flowc-dev/flowc/runtime/codec/frame"
	"github.com/flowc-dev/flowc/runtime/codec/jsonscan"
	celltext "github.com/flowc-dev/flowc/runtime/codec/text"
)

// roundTrip compiles a pipeline with the types and the source that were printed,
// and reads all fields of the sample with the decoders of the runtime: not one
// record may be an error.
func roundTrip(t *testing.T, r *Result, sample []byte) {
	t.Helper()
	op, types := compiled(t, r)
	if zipped, err := gzip.NewReader(bytes.NewReader(sample)); err == nil {
		if sample, err = io.ReadAll(zipped); err != nil {
			t.Fatal(err)
		}
	}
	data := sample[frame.BOM(sample):]
	var f frame.Framer = frame.Lines{}
	format := csv.Standard
	switch op.Codec {
	case "json":
		f = &frame.JSONValues{}
	case "csv":
		if r.Source.Delimiter != "" {
			format.Delimiter = r.Source.Delimiter[0]
		}
		f = frame.CSVRows{Delimiter: format.Delimiter, Quote: format.Quote}
	}
	read := &reader{t: t, op: op, types: types}
	records := int64(0)
	for pos := 0; records < r.Records; {
		start, end, next, ok := f.Next(data, pos)
		if !ok && op.Codec == "csv" && len(r.Types[0].Type.Fields) == 1 {
			return // where infer takes a blank row for a cell with white space
		}
		if !ok {
			t.Fatalf("%d records, and infer has counted %d", records, r.Records)
		}
		pos = next
		line := data[start:end]
		if op.Codec != "json" && frame.IsBlank(line) {
			continue
		}
		if op.Codec == "csv" && read.table == nil {
			read.header(format, line)
			continue
		}
		records++
		if err := read.record(line); err != nil {
			t.Fatalf("record %d, %.200q: %v\n%s", records, line, err, r.YAML)
		}
	}
}

// compiled compiles a pipeline with the result in it, the commented source
// included.
func compiled(t *testing.T, r *Result) (*ir.Decode, map[string]*ir.Type) {
	t.Helper()
	types, source, _ := strings.Cut(r.YAML, "\n# sources:\n")
	yaml := "pipeline: p\n" + types + "\nsources:\n" + strings.ReplaceAll("\n"+source, "\n# ", "\n") + "    drop: true\n" +
		"  other: {use: generate, config: {count: 1}, out: Other}\nsinks:\n  out: {from: other, use: drop}\n"
	yaml = strings.Replace(yaml, "types:\n", "types:\n  Other: {i: int}\n", 1)
	// A sink takes what there is, so that the source is not pruned.
	out, err := driver.Compile(t.Context(), driver.Options{File: "p.yaml", Text: []byte(yaml), StopAfter: "lower"})
	if err != nil {
		t.Fatalf("%v\n%s", err, yaml)
	}
	if out.Program == nil {
		for _, d := range out.Diagnostics {
			p := d.Span.File.Position(d.Span.Start)
			t.Errorf("%d:%d: %s %s", p.Line, p.Column, d.Message, strings.Join(d.Help, "; "))
		}
		t.Fatalf("the block does not compile:\n%s", yaml)
	}
	for _, n := range out.Program.Nodes {
		op, ok := n.Op.(*ir.Decode)
		if !ok {
			continue
		}
		ports := map[string]*ir.Type{}
		for _, p := range n.Out {
			ports[p.Name] = p.Type
		}
		return op, ports
	}
	t.Fatalf("no decoder:\n%s", yaml)
	return nil, nil
}

// A reader reads records whole, by their types.
type reader struct {
	t         *testing.T
	op        *ir.Decode
	types     map[string]*ir.Type
	format    csv.Format
	table     *csv.Scanner
	validator jsonscan.Validator
	slab      jsonscan.Slab
}

func (r *reader) header(f csv.Format, line []byte) {
	var fields []csv.Field
	for i, f := range r.types[""].Fields {
		fields = append(fields, csv.Field{Name: f.Name, Index: i, Optional: f.Optional})
	}
	r.format, r.table = f, csv.NewScanner(f, fields)
	if err := r.table.Header(line); err != nil {
		r.t.Fatal(err)
	}
}

func (r *reader) record(line []byte) error {
	if r.table != nil {
		return r.row(line)
	}
	start := jsonscan.SkipSpace(line, 0)
	end, err := jsonscan.SkipValue(line, start)
	if err != nil {
		return err
	}
	whole := jsonscan.Span{Start: uint32(start), End: uint32(end)}
	if r.op.By == "" {
		return r.value(r.types[""], line, whole)
	}
	spans := make([]jsonscan.Span, 1)
	err = jsonscan.NewObject([]jsonscan.Field{{Name: r.op.By}}).Scan(line[start:end], spans)
	tag := ""
	if err == nil {
		tag, err = jsonscan.StringCopy(line[start:end], spans[0], &r.slab)
	}
	if err != nil {
		if r.op.Else != "" { // it passes as it is
			return nil
		}
		return err
	}
	for _, v := range r.op.Variants {
		if v.Value == tag {
			return r.value(v.Type, line, whole)
		}
	}
	return fmt.Errorf("no type for %q", tag)
}

func (r *reader) row(line []byte) error {
	cells := make([]celltext.Cell, r.table.Width())
	if err := r.table.Scan(line, cells); err != nil {
		return err
	}
	for i, f := range r.types[""].Fields {
		if f.Type.Kind != ir.String && r.format.IsEmpty(line, cells[i]) {
			if !f.Optional {
				return fmt.Errorf("%s is empty", f.Name)
			}
			continue
		}
		if err := r.cell(f.Type, line, cells[i]); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

func (r *reader) cell(t *ir.Type, line []byte, c celltext.Cell) (err error) {
	f := r.format
	switch t.Kind {
	case ir.String:
		_, err = f.StringCopy(line, c, &r.slab)
	case ir.Enum:
		_, err = f.Enum(line, c, t.Values)
	case ir.Int:
		var i int64
		if i, err = f.Int64(line, c); err == nil && int64(int32(i)) != i {
			err = fmt.Errorf("no int of 32 bits")
		}
	case ir.Int64:
		_, err = f.Int64(line, c)
	case ir.Uint64:
		_, err = f.Uint64(line, c)
	case ir.Float64:
		_, err = f.Float64(line, c)
	case ir.Bool:
		_, err = f.Bool(line, c)
	case ir.Time:
		_, err = f.Time(line, c)
	case ir.Duration:
		_, err = f.Duration(line, c)
	case ir.Number:
		_, err = f.Number(line, c)
	default:
		r.t.Fatalf("a cell of type %s", t)
	}
	return err
}

func (r *reader) value(t *ir.Type, line []byte, s jsonscan.Span) (err error) {
	switch t.Kind {
	case ir.String:
		_, err = jsonscan.StringCopy(line, s, &r.slab)
	case ir.Enum:
		_, err = jsonscan.Enum(line, s, t.Values)
	case ir.Int:
		var i int64
		if i, err = jsonscan.Int64(line, s); err == nil && int64(int32(i)) != i {
			err = fmt.Errorf("no int of 32 bits")
		}
	case ir.Int64:
		_, err = jsonscan.Int64(line, s)
	case ir.Uint64:
		_, err = jsonscan.Uint64(line, s)
	case ir.Float64:
		_, err = jsonscan.Float64(line, s)
	case ir.Bool:
		_, err = jsonscan.Bool(line, s)
	case ir.Time:
		_, err = jsonscan.Time(line, s)
	case ir.Duration:
		_, err = jsonscan.Duration(line, s)
	case ir.Decimal, ir.Number:
		_, err = jsonscan.Decimal(line, s)
	case ir.JSON:
		_, err = jsonscan.Raw(line, s, &r.validator)
	case ir.Any:
		_, err = jsonscan.Any(line, s, &r.validator, &r.slab)
	case ir.List:
		it := jsonscan.Array(line, s)
		for it.Next() {
			if err := r.value(t.Elem, line, it.Value()); err != nil {
				return err
			}
		}
		err = it.Err()
	case ir.Map:
		seen := map[string]bool{}
		it := jsonscan.Members(line, s)
		for it.Next() {
			key, err := jsonscan.StringCopy(line, it.Key(), &r.slab)
			if err != nil {
				return err
			}
			if seen[key] {
				return fmt.Errorf("%q stands twice", key)
			}
			seen[key] = true
			if err := r.value(t.Elem, line, it.Value()); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
		err = it.Err()
	case ir.Struct:
		err = r.object(t, line, s)
	default:
		r.t.Fatalf("a value of type %s", t)
	}
	return err
}

func (r *reader) object(t *ir.Type, line []byte, s jsonscan.Span) error {
	if !s.IsObject(line) {
		return fmt.Errorf("%s is no object", s.Of(line))
	}
	var fields []jsonscan.Field
	for i, f := range t.Fields {
		fields = append(fields, jsonscan.Field{Name: f.Name, Index: i})
	}
	o := jsonscan.NewObject(fields)
	spans := make([]jsonscan.Span, o.Width())
	line = s.Of(line)
	if err := o.Scan(line, spans); err != nil {
		return err
	}
	for i, f := range t.Fields {
		if spans[i].Absent() || spans[i].IsNull(line) {
			if !f.Optional && !(f.Type.Kind == ir.JSON || f.Type.Kind == ir.Any) || !f.Optional && spans[i].Absent() {
				return fmt.Errorf("%s is missing", f.Name)
			}
			continue
		}
		if err := r.value(f.Type, line, spans[i]); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}
