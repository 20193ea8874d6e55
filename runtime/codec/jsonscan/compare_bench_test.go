//go:build goexperiment.jsonv2

package jsonscan

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"testing"
)

// BenchmarkLibrary does with encoding/json/v2 what BenchmarkRead does with this
// package: five members of a payment become Go values.
func BenchmarkLibrary(b *testing.B) {
	lines := payments(4096)
	type payment struct {
		ID     string `json:"id"`
		Type   string `json:"type"`
		Ledger int64  `json:"ledger"`
		Amount string `json:"amount"`
		Hash   string `json:"hash"`
	}
	b.Run("struct", func(b *testing.B) {
		i := 0
		for b.Loop() {
			var p payment
			if err := json.Unmarshal(lines[i&4095], &p); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
	b.Run("valid", func(b *testing.B) {
		i := 0
		for b.Loop() {
			if !jsontext.Value(lines[i&4095]).IsValid() {
				b.Fatal("no record")
			}
			i++
		}
	})
}

func BenchmarkRead(b *testing.B) {
	lines := payments(4096)
	o := NewObject(names("id", "type", "ledger", "amount", "hash"))
	spans := make([]Span, o.Width())
	var v Validator
	b.Run("structural", func(b *testing.B) {
		i := 0
		for b.Loop() {
			line := lines[i&4095]
			if err := o.Scan(line, spans); err != nil {
				b.Fatal(err)
			}
			for k, s := range spans {
				var err error
				if k == 2 {
					_, err = Int64(line, s)
				} else {
					_, err = String(line, s, nil)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			i++
		}
	})
	b.Run("valid", func(b *testing.B) {
		i := 0
		for b.Loop() {
			if err := v.Record(lines[i&4095]); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
}
