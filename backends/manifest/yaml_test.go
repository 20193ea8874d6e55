package manifest

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	yaml3 "go.yaml.in/yaml/v3"
)

// texts are what a writer of YAML trips over.
var texts = []string{
	"", "64Mi", "100m", "40s", "1h", "25%", "1G", "0m", "1e3m", "yes", "on", "y", "No", "TRUE", "null", "~", "1.5", "0x10", "1_000", "2026-01-01", "12:30:45", "190:20:30", "1e3", ".5", "+1", ".inf", ".NaN",
	"0o17", "017", "0b1", "=", "<<", "-", "?", "a: b", "a:", "#x", "a #b", " lead", "trail ", "*a", "&a", "!x", "@a", "`b", "%a", "- a", "{{ x }}", "[a]", "{a: b}",
	"é\u2028", "\ufeffx", "tab\there", "\x01", "it's \"q\"", "${A:?x}", "$$", "key: |", "nats://a:4222,b:4222", "/data/x.ndjson", "a,b", "CMD", "127.0.0.1:8080:8080", ":8080",
	"line\nother\n", "line\n\n other", "\r\nx", "a\n", "\n", "\n\n a\nb", "trail \nx", "a\n\n", "a\n b\n", " a\nb", "# c\nb\n", "- a\n- b\n", "a\tb\nc\n", "---\na\n", "a\n---\nb", "a\n...\n", "x\u0085y",
}

func TestKeysAreNames(t *testing.T) {
	for _, key := range []string{"", "1.5", "2026", "0x1F", "1e9", "0o17", "2026-01-01", "12:30", ".inf", "a b", "a:", "<<", "-", "é"} {
		if text, err := YAML("", map[string]string{key: "x"}); err == nil {
			t.Errorf("%q is written as a key: %s", key, text)
		}
	}
}

func TestTextsComeBack(t *testing.T) {
	words := []string{" ", "\n", "\t", ":", "#", "-", "a", "1", "é", "'", "\"", "{", "[", ",", "\\", "|", ">", "%", "\r", "0", "e", "."}
	r := rand.New(rand.NewPCG(1, 2))
	all := texts
	for range 3000 {
		var b strings.Builder
		for range r.IntN(7) {
			b.WriteString(words[r.IntN(len(words))])
		}
		all = append(all, b.String())
	}
	type doc struct {
		Value string            `json:"value"`
		List  []string          `json:"list"`
		Map   map[string]string `json:"map"`
	}
	for _, s := range all {
		want := doc{s, []string{s, "x"}, map[string]string{"x": s, "yes": "y", "a.b/c-D_e": "1", "1st": "1", "2026-orders": "1"}}
		got, err := YAML("one\ntwo", want, want)
		if err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		first, second, ok := strings.Cut(strings.TrimPrefix(string(got), "# one\n# two\n"), "\n---\nvalue:")
		if !ok {
			t.Fatalf("%q: no two documents in\n%s", s, got)
		}
		for _, text := range []string{first + "\n", "value:" + second} {
			var a, b struct {
				Value string
				List  []string
				Map   map[string]string
			}
			if err := yaml.Unmarshal([]byte(text), &a); err != nil {
				t.Fatalf("%q: %v\n%s", s, err, text)
			}
			if err := yaml3.Unmarshal([]byte(text), &b); err != nil {
				t.Fatalf("%q: %v\n%s", s, err, text)
			}
			if diff := cmp.Diff(doc(a), want); diff != "" {
				t.Fatalf("%q with one reader: %s\n%s", s, diff, text)
			}
			if diff := cmp.Diff(doc(b), want); diff != "" {
				t.Fatalf("%q with another: %s\n%s", s, diff, text)
			}
		}
	}
}
