package catalog

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestLookup(t *testing.T) {
	for _, c := range Connectors {
		if got, ok := Lookup(c.Name); !ok || got != c {
			t.Errorf("%s is not found", c.Name)
		}
		if c.Source == nil && c.Sink == nil {
			t.Errorf("%s has no side", c.Name)
		}
	}
	if _, ok := Lookup("none"); ok {
		t.Error("there is a connector `none`")
	}
}

// What holds for every key.
func TestKeys(t *testing.T) {
	side := func(name string, s *Side, source bool) {
		if s == nil {
			return
		}
		seen := map[string]bool{}
		for _, k := range append(slices.Clone(s.Keys), s.Meta...) {
			at := name + ": " + k.Name
			if k.Doc == "" || !strings.HasSuffix(k.Doc, ".") || k.Go == "" || k.Type == "" {
				t.Errorf("%s: %+v", at, k)
			}
			last := k.Go[strings.LastIndexByte(k.Go, '.')+1:]
			if !strings.HasPrefix(k.Doc, last+" ") {
				t.Errorf("%s: its comment begins with another name: %s", at, k.Doc)
			}
			if k.Required && k.Default != "" {
				t.Errorf("%s is required and has a default", at)
			}
			if k.Default != "" && len(k.Values) > 0 && !slices.Contains(k.Values, k.Default) {
				t.Errorf("%s: the default %q is none of %q", at, k.Default, k.Values)
			}
			if _, ok := ParseSize(k.Default); k.Type == "size" && k.Default != "" && !ok {
				t.Errorf("%s: the default %q is no size", at, k.Default)
			}
			for _, word := range []string{"token", "password", "secret"} {
				if strings.Contains(k.Name, word) && !k.Secret {
					t.Errorf("%s is no secret", at)
				}
			}
		}
		for _, k := range s.Keys {
			if seen[k.Name] {
				t.Errorf("%s: %s is there twice", name, k.Name)
			}
			seen[k.Name] = true
			if k.PerRecord && source {
				t.Errorf("%s: a key of a source is per record", name)
			}
		}
		if f := s.Facts; f.Replayable && !f.Acks || f.Endless && f.Depends {
			t.Errorf("%s: %+v", name, f)
		}
	}
	for _, c := range Connectors {
		side(c.Name, c.Source, true)
		side(c.Name, c.Sink, false)
	}
}

// The promises that the compiler builds on.
func TestFacts(t *testing.T) {
	fact := func(name string, source bool) Facts {
		c, ok := Lookup(name)
		if !ok {
			t.Fatal(name)
		}
		if source {
			return c.Source.Facts
		}
		return c.Sink.Facts
	}
	if f := fact("file", true); !f.Replayable || !f.Depends || f.Answers {
		t.Errorf("file: %+v", f)
	}
	if f := fact("http", true); !f.Answers || !f.Endless || f.Replayable {
		t.Errorf("http: %+v", f)
	}
	if f := fact("stdin", true); f.Replayable || f.Acks || f.Endless {
		t.Errorf("stdin: %+v", f)
	}
	if f := fact("file", false); !f.Transactional || f.Idempotent {
		t.Errorf("file: %+v", f)
	}
	for _, name := range []string{"http", "log", "stdout"} {
		if f := fact(name, false); f.Transactional || f.Idempotent {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// What a source of NATS promises depends on its keys.
func TestFactsFor(t *testing.T) {
	c, ok := Lookup("nats")
	if !ok {
		t.Fatal("nats")
	}
	for keys, want := range map[string]Facts{
		"stream":         {Acks: true, Replayable: true, Ordered: true},
		"subject":        {Ordered: true},
		"stream durable": {Acks: true, Shared: true},
	} {
		got := c.Source.FactsFor(func(key string) bool { return slices.Contains(strings.Fields(keys), key) })
		want.Endless, want.Memory = true, c.Source.Facts.Memory
		if got != want {
			t.Errorf("with %s: %+v", keys, got)
		}
	}
}

// A member of a group has its position from the broker.
func TestFactsOfAGroup(t *testing.T) {
	c, ok := Lookup("kafka")
	if !ok {
		t.Fatal("kafka")
	}
	if f := c.Source.FactsFor(func(key string) bool { return key == "topics" }); !f.Replayable || !f.Ordered {
		t.Errorf("%+v", f)
	}
	if f := c.Source.FactsFor(func(key string) bool { return key == "group" }); f.Replayable || !f.Acks {
		t.Errorf("%+v", f)
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "7": 7, "7B": 7, "2KB": 2000, "2KiB": 2048, " 3 MiB ": 3 << 20, "1GB": 1e9, "1GiB": 1 << 30, "9223372036854775807": math.MaxInt64} {
		if got, ok := ParseSize(text); !ok || got != want {
			t.Errorf("%q: %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "B", "-1", "1.5MB", "1TB", "9223372036854775808", "9000000000GiB", "1 2"} {
		if got, ok := ParseSize(text); ok {
			t.Errorf("%q is %d", text, got)
		}
	}
}
