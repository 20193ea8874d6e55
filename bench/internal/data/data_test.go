package data

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// made writes a file and gives its path and lines.
func made(t *testing.T, generate func(string, int) error, n int) (string, [][]byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.ndjson")
	if err := generate(path, n); err != nil {
		t.Fatal(err)
	}
	return path, linesOf(t, path)
}

func linesOf(t *testing.T, path string) [][]byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines [][]byte
	s := bufio.NewScanner(bytes.NewReader(text))
	for s.Scan() {
		lines = append(lines, bytes.Clone(s.Bytes()))
	}
	return lines
}

func TestEventsAreWhatTheTableSays(t *testing.T) {
	for _, test := range []struct {
		name           string
		generate       func(string, int) error
		fields         int
		least, average int
	}{
		{"payments", Payments, 14, 800, 1024},
		{"ledger", Ledger, 9, 200, 227},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, lines := made(t, test.generate, 5000)
			if len(lines) != 5000 {
				t.Fatalf("%d lines", len(lines))
			}
			total := 0
			for i, line := range lines {
				var event map[string]json.RawMessage
				if err := json.Unmarshal(line, &event); err != nil {
					t.Fatalf("line %d: %v", i+1, err)
				}
				if len(event) != test.fields {
					t.Fatalf("line %d has %d fields", i+1, len(event))
				}
				if len(line) < test.least {
					t.Errorf("line %d has %d bytes", i+1, len(line))
				}
				total += len(line) + 1
			}
			if average := total / len(lines); average < test.average-4 || average > test.average+4 {
				t.Errorf("%d bytes a line, want about %d", average, test.average)
			}
		})
	}
}

func TestOneSeedGivesTheSameBytes(t *testing.T) {
	_, a := made(t, Payments, 300)
	_, b := made(t, Payments, 300)
	if !bytes.Equal(bytes.Join(a, nil), bytes.Join(b, nil)) {
		t.Error("two runs differ")
	}
}

func TestExpectedResults(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	same := func(path, want string) {
		t.Helper()
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s:\n%swant\n%s", filepath.Base(path), got, want)
		}
	}
	out := func(name string) string { return filepath.Join(dir, name) }

	payments := write("payments", `{"id":"a","type":"payment","at":"t","account":"x","counterparty":"y","amount":"100.0000000"}
{"id":"b","type":"payment","at":"t","account":"x","counterparty":"y","amount":"100.0000001"}
{"id":"c","type":"path_payment","at":"t","account":"x","counterparty":"y","amount":"500.0000000"}
{"id":"d","type":"payment","at":"t","account":"x","counterparty":"y","amount":"2000.50"}
`)
	if err := W2(payments, out("w2")); err != nil {
		t.Fatal(err)
	}
	same(out("w2"), `{"id":"b","at":"t","account":"x","counterparty":"y","amount":"100.0000001","fee":"0.25000000025"}
{"id":"d","at":"t","account":"x","counterparty":"y","amount":"2000.50","fee":"5.001250"}
`)

	const (
		big    = `{"type":"payment","at":"2026-03-01T12:00:59.999Z","asset":"XLM","amount":"100.5","price":"2"}` + "\n"
		small  = `{"type":"payment","at":"2026-03-01T12:00:00Z","asset":"XLM","amount":"99","price":"0.5"}` + "\n"
		cheap  = `{"type":"trade","at":"2026-03-01T12:01:00Z","asset":"BTC","amount":"1","price":"0.9999999"}` + "\n"
		par    = `{"type":"trade","at":"2026-03-01T13:01:00+01:00","asset":"BTC","amount":"0.0000001","price":"1.0000000"}` + "\n"
		lumens = `{"type":"transfer","at":"2026-03-01T12:02:00Z","asset":"XLM","amount":"1","price":"1"}` + "\n"
		bits   = `{"type":"transfer","at":"2026-03-01T12:02:00Z","asset":"BTC","amount":"1","price":"1"}` + "\n"
	)
	entries := write("entries", big+small+cheap+par+lumens+bits)
	if err := W3(entries, []string{out("p"), out("t"), out("x")}); err != nil {
		t.Fatal(err)
	}
	same(out("p"), big)
	same(out("t"), cheap)
	same(out("x"), lumens)
	if err := W4(entries, out("w4")); err != nil {
		t.Fatal(err)
	}
	same(out("w4"), `{"asset":"BTC","minute":"2026-03-01T12:01:00Z","count":2,"sum":"1.0000001"}
{"asset":"BTC","minute":"2026-03-01T12:02:00Z","count":1,"sum":"1.0000000"}
{"asset":"XLM","minute":"2026-03-01T12:00:00Z","count":2,"sum":"199.5000000"}
{"asset":"XLM","minute":"2026-03-01T12:02:00Z","count":1,"sum":"1.0000000"}
`)
}

// About a quarter of the payments and a third of the entries pass the filters: a
// workload that kept all or nothing would measure something else.
func TestFiltersKeepSomeAndDropSome(t *testing.T) {
	dir := t.TempDir()
	payments, _ := made(t, Payments, 4000)
	if err := W2(payments, filepath.Join(dir, "w2")); err != nil {
		t.Fatal(err)
	}
	if n := len(linesOf(t, filepath.Join(dir, "w2"))); n < 800 || n > 1200 {
		t.Errorf("W2 keeps %d of 4000", n)
	}
	entries, _ := made(t, Ledger, 6000)
	outs := []string{filepath.Join(dir, "p"), filepath.Join(dir, "t"), filepath.Join(dir, "x")}
	if err := W3(entries, outs); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1200, 1000, 167} {
		if n := len(linesOf(t, outs[i])); n < want*8/10 || n > want*12/10 {
			t.Errorf("W3 gives %d lines to output %d, want about %d", n, i, want)
		}
	}
}
