package flow

import (
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
