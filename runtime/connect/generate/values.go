package generate

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/flowc-dev/flowc/runtime/decimal"
)

// The functions below make plausible values: by a field's type, and by its name
// where that says something. They depend on r alone.

var (
	first   = []string{"Ada", "Alan", "Barbara", "Donald", "Edsger", "Frances", "Grace", "John", "Ken", "Leslie", "Margaret", "Niklaus", "Radia", "Robin"}
	last    = []string{"Allen", "Dijkstra", "Hamilton", "Hopper", "Knuth", "Lamport", "Liskov", "Lovelace", "McCarthy", "Milner", "Perlman", "Thompson", "Turing", "Wirth"}
	words   = []string{"amber", "basin", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "juniper", "kelp", "larch", "mesa", "nimbus"}
	cities  = []string{"Berlin", "Bogotá", "Cairo", "Kyoto", "Lagos", "Lima", "Lyon", "Montréal", "Oslo", "Porto", "Seoul", "Toronto"}
	codes   = []string{"EUR", "USD", "GBP", "JPY", "CHF", "BRL", "INR", "XLM"}
	country = []string{"BR", "CA", "CH", "DE", "EG", "FR", "GB", "IN", "JP", "NG", "NO", "US"}
)

// String makes a text: a name, an address, a code, by what the field is called.
func String(r *rand.Rand, field string) string {
	f := strings.ToLower(field)
	has := func(s string) bool { return strings.Contains(f, s) }
	switch {
	case f == "id" || strings.HasSuffix(f, "_id") || strings.HasSuffix(f, "id") && has("uuid") || has("hash"):
		return fmt.Sprintf("%016x", r.Uint64())
	case has("email") || has("mail"):
		return strings.ToLower(one(r, first)) + "." + strings.ToLower(one(r, last)) + "@example.com"
	case has("first"):
		return one(r, first)
	case has("last") || has("surname"):
		return one(r, last)
	case has("name") || has("user") || has("customer") || has("account"):
		return one(r, first) + " " + one(r, last)
	case has("city"):
		return one(r, cities)
	case has("country"):
		return one(r, country)
	case has("currency") || has("asset") || has("code"):
		return one(r, codes)
	case has("url") || has("uri"):
		return "https://example.com/" + one(r, words) + "/" + one(r, words)
	case f == "ip" || f == "ipv4" || strings.HasSuffix(f, "_ip") || has("addr"):
		return fmt.Sprintf("192.0.2.%d", 1+r.IntN(254))
	case has("phone"):
		return fmt.Sprintf("+1-555-01%02d", r.IntN(100))
	}
	return one(r, words) + "-" + one(r, words)
}

func one(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

// Pick makes one of the values of an enum.
func Pick(r *rand.Rand, values ...string) string { return one(r, values) }

// Int makes a whole number; a year, an age, a quantity, a port by its name.
func Int(r *rand.Rand, field string) int { return int(Int64(r, field)) }

// Int64 is Int with 64 bits.
func Int64(r *rand.Rand, field string) int64 {
	f := strings.ToLower(field)
	switch {
	case strings.Contains(f, "year"):
		return 2000 + r.Int64N(30)
	case strings.Contains(f, "age"):
		return 18 + r.Int64N(70)
	case strings.Contains(f, "qty") || strings.Contains(f, "quantity") || strings.Contains(f, "count"):
		return 1 + r.Int64N(20)
	case strings.Contains(f, "port"):
		return 1024 + r.Int64N(60000)
	case strings.Contains(f, "percent"):
		return r.Int64N(101)
	}
	return r.Int64N(1_000_000)
}

// Uint64 is Int64 without a sign.
func Uint64(r *rand.Rand, field string) uint64 { return uint64(Int64(r, field)) }

// Float64 makes a number with two decimals; a latitude, a ratio by its name.
func Float64(r *rand.Rand, field string) float64 {
	f := strings.ToLower(field)
	switch {
	case strings.HasPrefix(f, "lat"):
		return float64(r.IntN(180_0000)-90_0000) / 1e4
	case strings.HasPrefix(f, "lon") || strings.HasPrefix(f, "lng"):
		return float64(r.IntN(360_0000)-180_0000) / 1e4
	case strings.Contains(f, "ratio") || strings.Contains(f, "probability"):
		return float64(r.IntN(1000)) / 1000
	}
	return float64(r.IntN(100_000)) / 100
}

// Decimal makes an amount with two decimals.
func Decimal(r *rand.Rand, _ string) decimal.Decimal { return decimal.New(r.Int64N(1_000_000), -2) }

// Bool makes true as often as false.
func Bool(r *rand.Rand, _ string) bool { return r.Uint64()&1 == 1 }

// Bytes makes eight bytes.
func Bytes(r *rand.Rand, _ string) []byte {
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// epoch is the time of record 0: a fixed one, since the same seed gives the
// same records.
var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Time makes the time of record i: a second later than that of the record
// before, give or take.
func Time(r *rand.Rand, i int64) time.Time {
	return epoch.Add(time.Duration(i)*time.Second + time.Duration(r.Int64N(int64(time.Second))).Truncate(time.Millisecond))
}

// Duration makes a duration below ten seconds, in milliseconds.
func Duration(r *rand.Rand, _ string) time.Duration {
	return time.Duration(r.Int64N(10_000)) * time.Millisecond
}

// JSON makes a small object.
func JSON(r *rand.Rand, _ string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"n":%d}`, r.IntN(1000)))
}

// Any makes a number.
func Any(r *rand.Rand, _ string) any { return float64(r.IntN(1000)) }

// Maybe makes a value three times out of four, else nil.
func Maybe[T any](r *rand.Rand, value func() T) *T {
	if r.IntN(4) == 0 {
		return nil
	}
	v := value()
	return &v
}

// List makes a list of none to three values.
func List[T any](r *rand.Rand, value func() T) []T {
	list := make([]T, r.IntN(4))
	for i := range list {
		list[i] = value()
	}
	return list
}

// Map makes a map of none to three values.
func Map[T any](r *rand.Rand, value func() T) map[string]T {
	m := map[string]T{}
	for range r.IntN(4) {
		m[one(r, words)] = value()
	}
	return m
}
