package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAllocations runs the pipelines of the benchmarks over a short file and a
// long one: what the long one has more of must cost no memory.
func TestAllocations(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	const few, many = 4_000, 44_000
	for _, tc := range []struct {
		name   string
		record func(*rand.Rand, int) string
	}{
		{"w1-text", transfer}, {"w1-typed", transfer}, {"w2", transfer}, {"w3", entry},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			pkg := strings.ReplaceAll(tc.name, "-", "")
			var out, errs bytes.Buffer
			if code := run([]string{"emit", "../../bench/pipelines/" + tc.name + ".yaml", "--target", "go", "--package", pkg, "-o", dir}, nil, &out, &errs); code != 0 {
				t.Fatalf("exit code %d: %s%s", code, &out, &errs)
			}
			for name, n := range map[string]int{"few.ndjson": few, "many.ndjson": many} {
				r := rand.New(rand.NewPCG(1, 2))
				var b bytes.Buffer
				for i := range n {
					b.WriteString(tc.record(r, i))
					b.WriteByte('\n')
				}
				writeFile(t, filepath.Join(dir, name), b.String())
			}
			writeFile(t, filepath.Join(dir, "allocs_test.go"), fmt.Sprintf(allocsTest, pkg, many-few))
			cmd := exec.Command("go", "test", "-count=1", "-run=TestNothingARecord", ".")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOPROXY=off", "FLOWC_STATE="+t.TempDir())
			if text, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}

// allocsTest is a test inside of an emitted package, which gets the package's
// name and how many records more the long file has.
const allocsTest = `package %s

import (
	"context"
	"os"
	"runtime"
	"testing"
)

func TestNothingARecord(t *testing.T) {
	allocations := func(input string) uint64 {
		_ = os.Remove("events.ndjson")
		if err := os.Link(input, "events.ndjson"); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		report, err := Run(context.Background())
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		written := int64(0)
		for _, s := range report.Sinks {
			written += s.Records
		}
		if written < 100 {
			t.Fatalf("%%d records were written: the test shows nothing", written)
		}
		return after.Mallocs - before.Mallocs
	}
	const more = %d
	allocations("few.ndjson") // the first time something is made for good
	few := allocations("few.ndjson")
	many := allocations("many.ndjson")
	// A batch of hundreds of records may cost some.
	if many > few+more/40 {
		t.Errorf("%%d allocations for %%d records more", many-few, more)
	}
}
`

// transfer is a record of about a kilobyte as W1 and W2 have them. One in some
// hundreds has an escape.
func transfer(r *rand.Rand, i int) string {
	memo := "deposit salary 東京"
	if i%300 == 299 {
		memo = `a \"quoted\" word`
	}
	kind := []string{"payment", "trade", "path_payment", "create_account"}[r.IntN(4)]
	return fmt.Sprintf(`{"id":"%016x","type":%q,"at":"2026-03-01T12:%02d:%02d.%03dZ","account":"G%055d","counterparty":"G%055d",`+
		`"asset":{"code":%q,"issuer":"G%055d"},"amount":"%d.%07d","ledger":%d,"fee_charged":%d,"successful":%v,"memo":"%s",`+
		`"tags":["fx","api"],"balances":[{"asset":"XLM","before":"%d.5","after":"%d.25"},{"asset":"BTC","before":"1","after":"2"}],"envelope":%q}`,
		r.Uint64(), kind, r.IntN(60), r.IntN(60), r.IntN(1000), r.Uint64(), r.Uint64(),
		[]string{"XLM", "USDC"}[r.IntN(2)], r.Uint64(), r.IntN(2000), r.IntN(1e7), 51_000_000+i/100, 100*r.IntN(5), r.IntN(9) > 0, memo,
		r.IntN(1e6), r.IntN(1e6), strings.Repeat("envelope", 40+r.IntN(20)))
}

// entry is a record as W3 has them.
func entry(r *rand.Rand, i int) string {
	return fmt.Sprintf(`{"id":"%016x","type":%q,"at":"2026-03-01T12:00:%02d.%03dZ","account":"G%055d","asset":%q,"amount":"%d.%07d","price":"%d.%07d","ledger":%d,"ok":%v}`,
		r.Uint64(), []string{"payment", "trade", "transfer"}[r.IntN(3)], r.IntN(60), r.IntN(1000), r.Uint64(), []string{"XLM", "USDC", "BTC"}[r.IntN(3)],
		r.IntN(2000), r.IntN(1e7), r.IntN(10), r.IntN(1e7), 51_000_000+i/100, r.IntN(2) > 0)
}
