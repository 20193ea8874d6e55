package envelope

import (
	"maps"
	"strings"
	"testing"
	"time"
)

func TestMeta(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", -3600))
	far := time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)
	odd := time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 1<<30))
	all := map[string]string{"a": "", "": "\xfe", "b": strings.Repeat("x", 300)}
	m := Meta(nil).WithText("key", "a\xff\x00b").WithInt("low", -1<<63).WithUint("high", 1<<64-1).WithBool("yes", true).WithBool("no", false).
		WithTime("at", at).WithTime("far", far).WithTime("odd", odd).WithTexts("all", all).WithTexts("none", nil).WithTexts("empty", map[string]string{})
	if m.Text("key") != "a\xff\x00b" || m.Int("low") != -1<<63 || m.Uint("high") != 1<<64-1 || !m.Bool("yes") || m.Bool("no") {
		t.Errorf("%q %d %d", m.Text("key"), m.Int("low"), m.Uint("high"))
	}
	if !m.Time("at").Equal(at) || m.Time("at").Format(time.RFC3339) != at.Format(time.RFC3339) || !m.Time("far").Equal(far) || !m.Time("odd").Equal(odd) {
		t.Errorf("%s %s %s", m.Time("at"), m.Time("far"), m.Time("odd"))
	}
	if !maps.Equal(m.Texts("all"), all) || m.Texts("none") != nil || m.Texts("empty") == nil || len(m.Texts("empty")) > 0 {
		t.Errorf("%v %v %v", m.Texts("all"), m.Texts("none"), m.Texts("empty"))
	}
	// What another version does not have, or has of another kind, is zero.
	if m.Text("low") != "" || m.Int("key") != 0 || m.Uint("x") != 0 || m.Bool("x") || !m.Time("x").IsZero() || m.Texts("key") != nil || Meta(nil).Text("x") != "" {
		t.Error("something that is not there")
	}
}

func FuzzMeta(f *testing.F) {
	f.Add([]byte(Meta(nil).WithText("x", "a").WithTexts("x", map[string]string{"a": "b"}).WithTime("x", time.Unix(0, 0))))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := Meta(data)
		again := Meta(nil).WithText("x", m.Text("x")).WithInt("x", m.Int("x")).WithUint("x", m.Uint("x")).WithBool("x", m.Bool("x")).WithTexts("x", m.Texts("x")).WithTime("x", m.Time("x"))
		if again.Text("x") != m.Text("x") || again.Int("x") != m.Int("x") || again.Uint("x") != m.Uint("x") || again.Bool("x") != m.Bool("x") ||
			!maps.Equal(again.Texts("x"), m.Texts("x")) || !again.Time("x").Equal(m.Time("x")) {
			t.Errorf("%q is %q the second time", m, again)
		}
	})
}

func TestWithMeta(t *testing.T) {
	h := Header{Writer: "w", Meta: true, First: 3, Schema: `["meta","string",{"n":"int64"}]`}
	b := AddWith(AddWith(Begin(nil, h), "m1", []byte("one")), "", []byte(""))
	got, records, err := Open(Seal(b, 0))
	if err != nil || got != h {
		t.Fatalf("%v %+v", err, got)
	}
	var all []string
	for {
		r, meta, ok, err := records.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		all = append(all, string(meta)+":"+string(r))
	}
	if strings.Join(all, " ") != "m1:one :" {
		t.Errorf("%q", all)
	}
	// Readers of before take what comes without, and refuse what comes with it.
	if plain := sealed(Header{Writer: "w"}, "r"); plain[3] != 1 || b[3] != 2 {
		t.Errorf("versions %d and %d", plain[3], b[3])
	}
	if _, _, _, err := (&Records{rest: []byte{9}, meta: true}).Next(); err == nil {
		t.Error("it ends in the middle of `meta`")
	}
}
