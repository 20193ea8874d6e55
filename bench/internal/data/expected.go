package data

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"sort"
	"strings"
	"time"
)

// W2 writes to output what W2 must give for input: of the payments over 100,
// five fields and a fee of a quarter of a percent, exact to the last digit.
func W2(input, output string) error {
	type event struct {
		ID, Type, At, Account, Counterparty, Amount string
	}
	limit := big.NewRat(100, 1)
	return derive(input, []string{output}, func(line []byte, out []io.Writer) error {
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		amount, ok := new(big.Rat).SetString(e.Amount)
		if !ok {
			return fmt.Errorf("amount %q is not a decimal", e.Amount)
		}
		if e.Type != "payment" || amount.Cmp(limit) <= 0 {
			return nil
		}
		// A product has as many places as its factors together: trailing
		// zeros count.
		_, places, _ := strings.Cut(e.Amount, ".")
		fee := amount.Mul(amount, big.NewRat(25, 10_000)).FloatString(len(places) + 4)
		_, err := fmt.Fprintf(out[0], `{"id":%q,"at":%q,"account":%q,"counterparty":%q,"amount":%q,"fee":%q}`+"\n",
			e.ID, e.At, e.Account, e.Counterparty, e.Amount, fee)
		return err
	})
}

// W3 writes to the three outputs what W3 must give for input, unchanged lines:
// payments over 100, trades priced below 1, transfers of XLM.
func W3(input string, outputs []string) error {
	type event struct {
		Type, Asset, Amount, Price string
	}
	limit, par := big.NewRat(100, 1), big.NewRat(1, 1)
	return derive(input, outputs, func(line []byte, out []io.Writer) error {
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		amount, ok := new(big.Rat).SetString(e.Amount)
		price, okPrice := new(big.Rat).SetString(e.Price)
		if !ok || !okPrice {
			return fmt.Errorf("amount %q or price %q is not a decimal", e.Amount, e.Price)
		}
		var err error
		switch {
		case e.Type == "payment" && amount.Cmp(limit) > 0:
			_, err = out[0].Write(line)
		case e.Type == "trade" && price.Cmp(par) < 0:
			_, err = out[1].Write(line)
		case e.Type == "transfer" && e.Asset == "XLM":
			_, err = out[2].Write(line)
		}
		return err
	})
}

// W4 writes to output what W4 must give for input: for each asset and minute of
// event time the number of events and the exact sum of their amounts, one JSON
// object a line, sorted by asset and minute.
func W4(input, output string) error {
	type event struct {
		Asset, Amount string
		At            time.Time
	}
	type key struct{ asset, minute string }
	type total struct {
		count int
		sum   *big.Rat
	}
	totals := map[key]*total{}
	err := derive(input, nil, func(line []byte, _ []io.Writer) error {
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		amount, ok := new(big.Rat).SetString(e.Amount)
		if !ok {
			return fmt.Errorf("amount %q is not a decimal", e.Amount)
		}
		k := key{e.Asset, e.At.UTC().Truncate(time.Minute).Format(time.RFC3339)}
		t := totals[k]
		if t == nil {
			t = &total{sum: new(big.Rat)}
			totals[k] = t
		}
		t.count++
		t.sum.Add(t.sum, amount)
		return nil
	})
	if err != nil {
		return err
	}
	lines := make([]string, 0, len(totals))
	for k, t := range totals {
		lines = append(lines, fmt.Sprintf(`{"asset":%q,"minute":%q,"count":%d,"sum":%q}`+"\n", k.asset, k.minute, t.count, t.sum.FloatString(7)))
	}
	sort.Strings(lines)
	return os.WriteFile(output, []byte(strings.Join(lines, "")), 0o644)
}

// derive calls fn with each line of input (its newline included) and a writer
// for each output.
func derive(input string, outputs []string, fn func(line []byte, out []io.Writer) error) (err error) {
	in, err := os.Open(input)
	if err != nil {
		return err
	}
	defer in.Close()
	writers := make([]io.Writer, len(outputs))
	for i, path := range outputs {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		w := bufio.NewWriterSize(f, 1<<20)
		writers[i] = w
		defer func() {
			if e := w.Flush(); e != nil && err == nil {
				err = e
			}
			if e := f.Close(); e != nil && err == nil {
				err = e
			}
		}()
	}
	r := bufio.NewReaderSize(in, 1<<20)
	for number := 1; ; number++ {
		line, err := r.ReadSlice('\n')
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", input, number, err)
		}
		if err := fn(line, writers); err != nil {
			return fmt.Errorf("%s:%d: %w", input, number, err)
		}
	}
}
