package parquet

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/codec/row"
	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/decimal"
)

// BenchmarkGroup is the price of a record on its way into a row group: checked,
// taken apart, encoded and compressed.
func BenchmarkGroup(b *testing.B) {
	columns := []connect.Column{
		{Name: "id", Type: "string"},
		{Name: "account", Type: "string"},
		{Name: "amount", Type: "decimal"},
		{Name: "side", Type: "enum"},
		{Name: "seq", Type: "int64"},
		{Name: "fee", Type: "float64"},
		{Name: "at", Type: "time"},
		{Name: "memo", Type: "string", Optional: true},
	}
	const n = 50_000
	records := make([][]byte, n)
	for i := range records {
		r := row.AppendText(row.AppendText(nil, fmt.Sprintf("p-%09d", i)), fmt.Sprintf("G%048x", i*7919))
		r = row.AppendText(row.AppendDecimal(r, decimal.New(int64(i*104729), -7)), []string{"buy", "sell"}[i%2])
		r = row.AppendTime(row.AppendFloat(row.AppendInt(r, int64(i)), float64(i)/7), time.Unix(int64(i), 0).UTC())
		if records[i] = row.AppendNull(r); i%5 == 0 {
			records[i] = row.AppendText(r, fmt.Sprintf("memo %d", i))
		}
	}
	w, err := NewWriter(columns, connect.Parquet{})
	if err != nil {
		b.Fatal(err)
	}
	data := bytes.Join(records, nil)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range records {
			if err := w.Check(r); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := w.Group(io.Discard, 4, all(data)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
}
