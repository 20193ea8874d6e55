package minutes

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/bench/contenders/fixed"
)

func TestMinuteIsThatOfTheStandardLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	zones := []*time.Location{time.UTC, time.UTC, time.FixedZone("", 5*3600+1800), time.FixedZone("", -8*3600)}
	for range 50_000 {
		at := time.Unix(r.Int64N(8e9)-2e9, r.Int64N(1e9)).In(zones[r.IntN(len(zones))])
		got, err := Of([]byte(at.Format(time.RFC3339Nano)))
		want := at.Truncate(time.Minute).Unix() / 60
		if err != nil || got != want {
			t.Fatalf("%s: minute %d, want %d (%v)", at.Format(time.RFC3339Nano), got, want, err)
		}
	}
	for _, bad := range []string{"", "2026-03-01", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-03-01T25:00:00Z", "20x6-03-01T00:00:00Z", "2026/03/01T00:00:00Z"} {
		if _, err := Of([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestWriteAddsTheWorkers(t *testing.T) {
	var a, b Totals
	for _, add := range []struct {
		to     *Totals
		asset  string
		minute int64
		amount string
	}{{&a, "XLM", 1, "1.50"}, {&a, "XLM", 2, "1"}, {&b, "XLM", 1, "0.250"}, {&a, "XLM", 1, "-0.5"}, {&b, "BTC", 1, "7"}} {
		d, err := fixed.Parse(add.amount)
		if err != nil {
			t.Fatal(err)
		}
		if err := add.to.Add([]byte(add.asset), add.minute, d); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "out")
	if err := Write(path, []*Totals{&a, &b}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"asset":"BTC","minute":"1970-01-01T00:01:00Z","count":1,"sum":"7"}
{"asset":"XLM","minute":"1970-01-01T00:01:00Z","count":3,"sum":"1.250"}
{"asset":"XLM","minute":"1970-01-01T00:02:00Z","count":1,"sum":"1"}
`
	if string(got) != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
