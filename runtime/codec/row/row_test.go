package row

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/decimal"
)

// What is appended is read again as it was, one value behind the other.
func TestRoundTrip(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 891234567, time.FixedZone("", -12600))
	old := time.Date(-40, 1, 1, 0, 0, 0, 0, time.UTC)
	b := AppendNull(nil)
	b = AppendBool(b, true)
	b = AppendBool(b, false)
	b = AppendInt(b, math.MinInt64)
	b = AppendUint(b, math.MaxUint64)
	b = AppendFloat(b, math.Inf(-1))
	b = AppendText(b, "käse\x00")
	b = AppendBytes(b, []byte{0, 255})
	b = AppendDecimal(b, decimal.MustParse("-10.500"))
	b = AppendTime(b, at)
	b = AppendTime(b, old)
	b = AppendDuration(b, -time.Second)
	b = OpenJSON(b)
	open := len(b)
	b = Close(append(b, `{"a":[1]}`...), open)

	next := func() (v Value) {
		v, b = Next(b)
		return v
	}
	for i, want := range []Kind{Null, True, False} {
		if v := next(); v.Kind != want {
			t.Fatalf("value %d has kind %d, not %d", i, v.Kind, want)
		}
	}
	if v := next(); v.Kind != Int || v.Num != math.MinInt64 {
		t.Errorf("int: %+v", v)
	}
	if v := next(); v.Kind != Uint || uint64(v.Num) != math.MaxUint64 {
		t.Errorf("uint: %+v", v)
	}
	if v := next(); v.Kind != Float || !math.IsInf(v.Float(), -1) {
		t.Errorf("float: %+v", v)
	}
	for _, want := range []struct {
		kind Kind
		text string
	}{{Text, "käse\x00"}, {Bytes, "\x00\xff"}, {Decimal, "-10.500"}} {
		if v := next(); v.Kind != want.kind || string(v.Bytes) != want.text {
			t.Errorf("%q: %+v", want.text, v)
		}
	}
	for _, want := range []time.Time{at, old} {
		v := next()
		_, offset := v.Time().Zone()
		_, wanted := want.Zone()
		if v.Kind != Time || !v.Time().Equal(want) || offset != wanted {
			t.Errorf("time: %v, not %v", v.Time(), want)
		}
	}
	if v := next(); v.Kind != Duration || time.Duration(v.Num) != -time.Second {
		t.Errorf("duration: %+v", v)
	}
	if v := next(); v.Kind != JSON || string(v.Bytes) != `{"a":[1]}` {
		t.Errorf("json: %+v", v)
	}
	if len(b) != 0 {
		t.Errorf("%d bytes are left", len(b))
	}
}

// A record is shown with what it has, as JSON.
func TestInput(t *testing.T) {
	b := AppendText(nil, "a\"b")
	b = AppendNull(b)
	b = AppendFloat(b, math.NaN())
	b = AppendDecimal(b, decimal.MustParse("1.50"))
	b = AppendTime(b, time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)))
	b = OpenJSON(b)
	at := len(b)
	b = Close(append(b, `[1]`...), at)
	b = AppendBytes(b, []byte("hi"))
	b = AppendDuration(b, 90*time.Second)
	got := Input("s", "n", "f", "d", "t", "j", "b", "w")(b)
	want := `{"s":"a\"b","f":"NaN","d":"1.50","t":"2026-01-02T03:04:05+01:00","j":[1],"b":"aGk=","w":"1m30s"}`
	if !bytes.Equal(got, []byte(want)) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// So are its parts, where it has some.
func TestInputOf(t *testing.T) {
	b := AppendText(AppendStruct(nil), "x")
	b = AppendNull(b)
	b = AppendList(b, 2)
	for i := range 2 {
		b = AppendMap(AppendStruct(b), i)
		for range i {
			b = AppendInt(AppendText(b, `k"`), 7)
		}
	}
	b = AppendList(b, 0)
	got := InputOf(Shape{Name: "s", Parts: []Shape{{Name: "a"}, {Name: "b"}}},
		Shape{Name: "l", Parts: []Shape{{Parts: []Shape{{Name: "m", Parts: []Shape{{}}}}}}}, Shape{Name: "e", Parts: []Shape{{}}})(b)
	if want := `{"s":{"a":"x"},"l":[{"m":{}},{"m":{"k\"":7}}],"e":[]}`; string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Appending to a buffer that has room makes no garbage.
func TestNoGarbage(t *testing.T) {
	buf := make([]byte, 0, 1024)
	d, at := decimal.MustParse("12.34"), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	n := testing.AllocsPerRun(100, func() {
		b := AppendText(buf[:0], "text")
		b = AppendInt(b, 1)
		b = AppendDecimal(b, d)
		b = AppendTime(b, at)
		for len(b) > 0 {
			_, b = Next(b)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
