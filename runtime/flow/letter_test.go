package flow

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The ID of a letter is made of what it says, however it is written down.
func TestLetterID(t *testing.T) {
	const text = `{"pipeline":"p","node":"n","code":"c","attempts":2,"time":"2026-01-31T12:00:00.5Z","source":"s","position":{"line":3},"record":{"a":1}`
	id := func(text string) string {
		t.Helper()
		l, err := ParseLetter("dead", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return l.ID
	}
	one := id(text + `}`)
	if other := id(`{"id":"mine","sink":"its","record":{ "a": 1 },"time":"2026-01-31T13:00:00.5+01:00","position":{"line": 3},"source":"s","attempts":2,"code":"c","node":"n","pipeline":"p"}`); other != one {
		t.Errorf("written another way it is %s, not %s", other, one)
	}
	for _, more := range []string{`,"input":1}`, `,"header":"a,b"}`, `,"error":"e"}`} {
		if id(text+more) == one {
			t.Errorf("%s makes no difference", more)
		}
	}
	for _, bad := range []string{`{}`, `[]`, `{"node":"n"}`, `{"node":"n","time":"noon"}`, `{"node":`} {
		if l, err := ParseLetter("dead", []byte(bad)); err == nil {
			t.Errorf("%s is a letter: %+v", bad, l)
		}
	}
}

// A place is said in the words of the connector that it comes from.
func TestLetterPlace(t *testing.T) {
	for position, want := range map[string]string{
		`{"split":"a.txt","line":7,"offset":12}`: "a.txt:7",
		`{"offset":12}`:                          "orders (byte 12)",
		`{}`:                                     "orders",
		`null`:                                   "orders",
		``:                                       "orders",
		`{"topic":"o","partition":3,"offset":201}`:    "orders topic o, partition 3, offset 201",
		`{"stream":"S","sequence":90071992547409931}`: "orders stream S, sequence 90071992547409931",
		`{"key": {"a":1}}`:                            `orders {"key":{"a":1}}`,
		`["x"]`:                                       `orders ["x"]`,
	} {
		l := &Letter{Source: "orders", Position: json.RawMessage(position)}
		if got := l.Place(); got != want {
			t.Errorf("%s is %q, want %q", position, got, want)
		}
	}
	e := &RecordError{Source: "orders", Split: "o/3", Number: -1, Offset: 5, Position: map[string]any{"topic": "o", "offset": 201}}
	if got, want := e.Place(), "orders offset 201, topic o"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	e.Position = e.place()
	if got, want := e.Place(), "o/3 (byte 5)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A line of the index that a crash tore does not count, and does not spoil the next.
func TestTornReplayed(t *testing.T) {
	dir := t.TempDir()
	at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	if err := noteReplayed(dir, []string{"aa", "bb"}, at); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, replayedFile)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data[:len(data)-4], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := noteReplayed(dir, []string{"cc"}, at); err != nil {
		t.Fatal(err)
	}
	got, err := ReadReplayed(dir)
	if err != nil || len(got) != 2 || !got["aa"].Equal(at) || !got["cc"].Equal(at) {
		t.Errorf("%v, %v", got, err)
	}
}
