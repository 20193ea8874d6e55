package jsonscan

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// payments makes records of about a kilobyte with 14 members, as the filter
// benchmarks of the project use them.
func payments(n int) [][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	kinds := []string{"payment", "trade", "path_payment", "create_account"}
	codes := []string{"USDC", "XLM", "EURT", "BTC"}
	word := func(n int) string {
		const abc = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
		b := make([]byte, n)
		for i := range b {
			b[i] = abc[r.IntN(len(abc))]
		}
		return string(b)
	}
	lines := make([][]byte, n)
	for i := range lines {
		lines[i] = fmt.Appendf(nil, `{"id":"%016x","type":"%s","ledger":%d,"closed_at":"2026-01-%02dT%02d:%02d:%02dZ","from":"G%s","to":"G%s",`+
			`"asset":{"code":"%s","issuer":"G%s"},"amount":"%d.%07d","fee":%d,"memo":{"type":"text","value":"invoice %d"},`+
			`"successful":%v,"hash":"%s","signatures":["%s","%s"],"note":"%s"}`,
			r.Uint64(), kinds[r.IntN(len(kinds))], 50_000_000+r.IntN(1000), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), word(55), word(55),
			codes[r.IntN(len(codes))], word(55), r.IntN(2000), r.IntN(10_000_000), 100*r.IntN(5), r.IntN(1e6),
			r.IntN(10) > 0, word(64), word(88), word(88), word(200+r.IntN(120)))
	}
	return lines
}

// events makes records of about 227 bytes with 10 members.
func events(n int) [][]byte {
	r := rand.New(rand.NewPCG(3, 4))
	kinds := []string{"view", "click", "purchase"}
	lines := make([][]byte, n)
	for i := range lines {
		lines[i] = fmt.Appendf(nil, `{"ts":"2026-01-02T%02d:%02d:%02d.%03dZ","type":"%s","user":"u-%06d","session":"%016x","page":"/products/%d","amount":%d.%02d,"currency":"EUR","country":"DE","mobile":%v,"referrer":"https://example.org/"}`,
			r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000), kinds[r.IntN(3)], r.IntN(1e6), r.Uint64(), r.IntN(1e5), r.IntN(500), r.IntN(100), r.IntN(2) == 0)
	}
	return lines
}

// mixed makes records of five kinds whose members differ, in random turn.
func mixed(n int) [][]byte {
	r := rand.New(rand.NewPCG(5, 6))
	lines := make([][]byte, n)
	for i := range lines {
		id := r.Uint64()
		switch r.IntN(5) {
		case 0:
			lines[i] = fmt.Appendf(nil, `{"type":"payment","id":"%016x","from":"a-%d","to":"a-%d","amount":%d.5,"currency":"EUR","at":"2026-01-02T03:04:05Z","memo":"rent of may","status":"settled","batch":%d}`, id, r.IntN(1e6), r.IntN(1e6), r.IntN(1e4), r.IntN(1e6))
		case 1:
			lines[i] = fmt.Appendf(nil, `{"type":"trade","id":"%016x","base":"XLM","quote":"USD","amount":%d.25,"price":0.11,"side":"buy","venue":"sdex","at":"2026-01-02T03:04:05Z","maker":"a-%d","taker":"a-%d"}`, id, r.IntN(1e4), r.IntN(1e6), r.IntN(1e6))
		case 2:
			lines[i] = fmt.Appendf(nil, `{"type":"fee","id":"%016x","payer":"a-%d","amount":%d,"at":"2026-01-02T03:04:05Z","kind":"base","surge":false,"ledger":51234567,"refund":null,"policy":"standard-2026"}`, id, r.IntN(1e6), r.IntN(1000))
		case 3:
			lines[i] = fmt.Appendf(nil, `{"id":"%016x","type":"login","user":"a-%d","ip":"10.0.%d.%d","agent":"Mozilla/5.0 (X11; Linux x86_64)","ok":true,"at":"2026-01-02T03:04:05Z","country":"FR","mfa":"totp"}`, id, r.IntN(1e6), r.IntN(256), r.IntN(256))
		case 4:
			lines[i] = fmt.Appendf(nil, `{"type":"account","id":"%016x","owner":"a-%d","home_domain":"example.org","thresholds":{"low":1,"med":2,"high":3},"flags":["auth_required","auth_revocable"],"at":"2026-01-02T03:04:05Z","sponsor":null}`, id, r.IntN(1e6))
		}
	}
	return lines
}

func shuffled(n int) [][]byte {
	r := rand.New(rand.NewPCG(7, 8))
	lines := events(n)
	for i, l := range lines {
		parts := bytes.Split(l[1:len(l)-1], []byte(`,"`))
		for k := range parts {
			parts[k] = bytes.TrimPrefix(parts[k], []byte(`"`))
		}
		r.Shuffle(len(parts), func(a, b int) { parts[a], parts[b] = parts[b], parts[a] })
		lines[i] = append(append([]byte(`{"`), bytes.Join(parts, []byte(`,"`))...), '}')
	}
	return lines
}

// longKeys makes records like those of events with keys of 15 to 27 bytes.
func longKeys(n int) [][]byte {
	lines := events(n)
	for i, l := range lines {
		for _, key := range []string{"ts", "type", "user", "session", "page", "amount", "currency", "country", "mobile", "referrer"} {
			l = bytes.Replace(l, []byte(`"`+key+`":`), []byte(`"application_`+key+`_value":`), 1)
		}
		lines[i] = l
	}
	return lines
}

func names(list ...string) []Field {
	fields := make([]Field, len(list))
	for i, n := range list {
		fields[i] = Field{Name: n, Index: i}
	}
	return fields
}

var benchData = []struct {
	name   string
	lines  func(int) [][]byte
	fields []Field
}{
	{"payments", payments, names("id", "type", "ledger", "amount", "hash")},
	{"payments-nested", payments, []Field{
		{Name: "id", Index: 0},
		{Name: "type", Index: 1},
		{Name: "amount", Index: 2},
		{Name: "asset", Index: 3, Fields: []Field{{Name: "code", Index: 4}}},
	}},
	{"events", events, names("ts", "type", "user", "amount", "country")},
	{"longkeys", longKeys, names("application_ts_value", "application_type_value", "application_user_value", "application_amount_value")},
	{"mixed", mixed, names("type", "id", "amount", "at")},
	{"shuffled", shuffled, names("ts", "type", "user", "amount", "country")},
}

func BenchmarkScan(b *testing.B) {
	for _, d := range benchData {
		b.Run(d.name, func(b *testing.B) {
			lines := d.lines(4096)
			size := 0
			for _, l := range lines {
				size += len(l)
			}
			o := NewObject(d.fields)
			spans := make([]Span, o.Width())
			b.SetBytes(int64(size / len(lines)))
			i := 0
			for b.Loop() {
				if err := o.Scan(lines[i&4095], spans); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

func BenchmarkUntil(b *testing.B) {
	for _, d := range benchData {
		b.Run(d.name, func(b *testing.B) {
			lines := d.lines(4096)
			fields := append([]Field(nil), d.fields...)
			for i := range fields {
				if n := fields[i].Name; n != "type" && n != "amount" {
					fields[i].Phase = 1
				}
			}
			o := NewObject(fields)
			spans := make([]Span, o.Width())
			i := 0
			for b.Loop() {
				o.Start(lines[i&4095], spans)
				if _, err := o.Until(0, lines[i&4095], spans); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

func BenchmarkScanFull(b *testing.B) {
	for _, d := range benchData {
		b.Run(d.name, func(b *testing.B) {
			lines := d.lines(4096)
			o := NewObject(d.fields)
			spans := make([]Span, o.Width())
			i := 0
			for b.Loop() {
				if err := o.ScanFull(lines[i&4095], spans); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	var slab Slab
	var sink int
	run := func(name, raw string, f func(line []byte, s Span) error) {
		b.Run(name, func(b *testing.B) {
			line, s := []byte(raw), Span{0, uint32(len(raw))}
			b.ReportAllocs()
			for b.Loop() {
				if err := f(line, s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	str := func(l []byte, s Span) error { v, err := String(l, s, &slab); sink += len(v); return err }
	run("string8", `"payment1"`, str)
	run("string56", `"GABCDEFGHIJKLMNOPQRSTUVWXYZ234567GABCDEFGHIJKLMNOPQRSTUVW"`, str)
	run("stringUTF8", `"Übergrößenträger ぺージ"`, str)
	run("stringEscaped", `"a \"quoted\" text\n"`, str)
	run("stringCopy56", `"GABCDEFGHIJKLMNOPQRSTUVWXYZ234567GABCDEFGHIJKLMNOPQRSTUVW"`, func(l []byte, s Span) error { v, err := StringCopy(l, s, &slab); sink += len(v); return err })
	run("enum", `"trade"`, func(l []byte, s Span) error { _, err := Enum(l, s, []string{"payment", "fee", "trade"}); return err })
	run("int", `51234567`, func(l []byte, s Span) error { _, err := Int64(l, s); return err })
	run("float", `1234.5678`, func(l []byte, s Span) error { _, err := Float64(l, s); return err })
	run("float17", `0.12345678901234567`, func(l []byte, s Span) error { _, err := Float64(l, s); return err })
	run("time", `"2026-01-02T03:04:05Z"`, func(l []byte, s Span) error { _, err := Time(l, s); return err })
	run("timeOffset", `"2026-01-02T03:04:05.678+02:00"`, func(l []byte, s Span) error { _, err := Time(l, s); return err })
}

func BenchmarkAppend(b *testing.B) {
	dst := make([]byte, 0, 1000)
	at := time.Unix(1767322996, 0).UTC()
	ms := time.Unix(1767322996, 678e6).In(zone(120))
	for name, f := range map[string]func(){
		"string8":   func() { dst, _ = AppendString(dst[:0], "payment1") },
		"string56":  func() { dst, _ = AppendString(dst[:0], "GABCDEFGHIJKLMNOPQRSTUVWXYZ234567GABCDEFGHIJKLMNOPQRSTUVW") },
		"stringEsc": func() { dst, _ = AppendString(dst[:0], "a \"quoted\" text\n") },
		"float17":   func() { dst, _ = AppendFloat(dst[:0], 0.12345678901234567) },
		"floatStd":  func() { dst = strconv.AppendFloat(dst[:0], 1234.5678, 'f', -1, 64) },
		"float":     func() { dst, _ = AppendFloat(dst[:0], 1234.5678) },
		"int":       func() { dst = AppendInt(dst[:0], 51234567) },
		"time":      func() { dst, _ = AppendTime(dst[:0], at) },
		"timeMs":    func() { dst, _ = AppendTime(dst[:0], ms) },
		"timeStd":   func() { dst, _ = at.AppendText(dst[:0]) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f()
			}
		})
	}
}

func BenchmarkSkipValue(b *testing.B) {
	for name, raw := range map[string]string{
		"small":   `{"code":"USDC","issuer":"GABCDEFGHIJKLMNOPQRSTUVWXYZ234567GABCDEFGHIJKLMNOPQRSTUVW"}`,
		"record":  `{"id":"0123456789abcdef","type":"payment","amount":12.5,"to":{"name":"someone","account":"GABCDEF"}}`,
		"numbers": `[1,2,3,4.5,6,7,88,999,1000,12345,-1,0.001,5,5,5,5,5,5]`,
		"spaced":  `{ "id" : "0123456789abcdef", "type" : "payment", "amount" : 12.5, "to" : { "name" : "someone" } }`,
		"payment": string(payments(1)[0]),
	} {
		b.Run(name, func(b *testing.B) {
			line := []byte(raw)
			b.SetBytes(int64(len(line)))
			for b.Loop() {
				if _, err := SkipValue(line, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
