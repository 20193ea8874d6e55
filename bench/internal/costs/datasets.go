package costs

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/flowc-dev/flowc/bench/internal/data"
)

// A dataset is records of one size.
type dataset struct {
	name string
	// ndjson, csv and logfmt are the same records in files of these formats; csv and
	// logfmt are "" where the records have nested fields.
	ndjson, csv, logfmt string
	records             int
	size                float64 // of a line of ndjson, without its end
	types               string  // YAML of the type E and what it needs
	fields              []field // those that are no structs, in the order of the line
}

// A field is one of a record, by its name on the wire and in Go.
type field struct{ wire, goName, typ string }

// datasets makes the data: events of some 100, 230 and 1,000 bytes.
func (b *bench) datasets() ([]dataset, error) {
	small := dataset{
		name: "small", types: "  E: {id: string, account: string, amount: decimal, side: string, n: int64}\n",
		fields: []field{{"id", "ID", "string"}, {"account", "Account", "string"}, {"amount", "Amount", "decimal"}, {"side", "Side", "string"}, {"n", "N", "int64"}},
	}
	ledger := dataset{
		name: "ledger", types: "  E: {id: string, type: string, at: string, account: string, asset: string, amount: decimal, price: decimal, ledger: int64, ok: bool}\n",
		fields: []field{
			{"id", "ID", "string"},
			{"type", "Type", "string"},
			{"at", "At", "string"},
			{"account", "Account", "string"},
			{"asset", "Asset", "string"},
			{"amount", "Amount", "decimal"},
			{"price", "Price", "decimal"},
			{"ledger", "Ledger", "int64"},
			{"ok", "Ok", "bool"},
		},
	}
	payments := dataset{
		name: "payments", types: `  E: {id: string, type: string, at: string, account: string, counterparty: string, asset: {code: string, issuer: string}, amount: decimal, ledger: int64, fee_charged: int64, successful: bool, memo: string, tags: [string], balances: list of Balance, envelope: string}
  Balance: {asset: string, before: decimal, after: decimal}
`,
		fields: []field{
			{"id", "ID", "string"},
			{"type", "Type", "string"},
			{"at", "At", "string"},
			{"account", "Account", "string"},
			{"counterparty", "Counterparty", "string"},
			{"amount", "Amount", "decimal"},
			{"ledger", "Ledger", "int64"},
			{"fee_charged", "FeeCharged", "int64"},
			{"successful", "Successful", "bool"},
			{"memo", "Memo", "string"},
		},
	}
	sets := []dataset{small, ledger, payments}
	for i := range sets {
		s := &sets[i]
		s.ndjson, s.records = filepath.Join(b.Dir, "costs-"+s.name+".ndjson"), b.Records
		var err error
		switch s.name {
		case "ledger":
			err = data.Ledger(s.ndjson, s.records)
		case "payments":
			err = data.Payments(s.ndjson, s.records)
		default:
			err = smallRecords(s.ndjson, s.records)
		}
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(s.ndjson)
		if err != nil {
			return nil, err
		}
		s.size = float64(info.Size())/float64(s.records) - 1
		if s.name != "payments" {
			s.csv, s.logfmt = filepath.Join(b.Dir, "costs-"+s.name+".csv"), filepath.Join(b.Dir, "costs-"+s.name+".log")
			if err := s.inOtherFormats(); err != nil {
				return nil, err
			}
		}
	}
	return sets, nil
}

// smallRecords writes records of some 100 bytes.
func smallRecords(path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	seed := uint64(7)
	for i := range n {
		seed = seed*6364136223846793005 + 1442695040888963407
		side := "buy"
		if seed>>40&1 == 1 {
			side = "sell"
		}
		fmt.Fprintf(w, `{"id":"%016x","account":"G%09d","amount":"%d.%02d00000","side":"%s","n":%d}`+"\n", seed, seed>>33%50000, seed>>50%5000, seed>>20%100, side, i)
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// inOtherFormats writes the records as CSV and logfmt; no text of theirs needs quotes.
func (s *dataset) inOtherFormats() error {
	var names []string
	for _, f := range s.fields {
		names = append(names, f.wire)
	}
	var csv, logfmt bytes.Buffer
	csv.WriteString(strings.Join(names, ",") + "\n")
	err := data.Lines(s.ndjson, func(line []byte) error {
		var record map[string]json.RawMessage
		if err := json.Unmarshal(line, &record); err != nil {
			return err
		}
		for i, name := range names {
			cell := strings.Trim(string(record[name]), `"`)
			if i > 0 {
				csv.WriteByte(',')
				logfmt.WriteByte(' ')
			}
			csv.WriteString(cell)
			logfmt.WriteString(name + "=" + cell)
		}
		csv.WriteByte('\n')
		logfmt.WriteByte('\n')
		return nil
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.csv, csv.Bytes(), 0o600); err != nil {
		return err
	}
	return os.WriteFile(s.logfmt, logfmt.Bytes(), 0o600)
}
