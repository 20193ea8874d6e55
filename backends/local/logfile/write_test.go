package logfile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/backends/deploy"
)

// A log is of a bounded size, and whoever follows it misses nothing where a file ends and
// the next begins.
func TestLogRotates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	l.limit = 1000
	var got []string
	follow := &tail{path: path}
	defer follow.close()
	more := func() {
		t.Helper()
		if err := follow.more(func(l deploy.Line) { got = append(got, l.Instance+": "+l.Text) }); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for i := range 200 {
		text := fmt.Sprintf("line %d of some", i)
		l.Put("orders", []byte(text))
		want = append(want, "orders: "+text)
		if i%7 == 0 {
			more()
		}
	}
	more()
	if !slices.Equal(got, want) {
		t.Errorf("%d of %d lines: %q", len(got), len(want), got)
	}
	l.Close()
	again, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	again.limit = 1000
	again.Put("orders", []byte("a later one"))
	again.Close()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != Files+1 {
		t.Fatalf("%v: %v", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Size() > 1000 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", e.Name(), info, err)
		}
	}
	got = nil
	more()
	if !slices.Equal(got, []string{"orders: a later one"}) {
		t.Errorf("%q", got)
	}
}

// A line without an end waits for it.
func TestTailWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f := &tail{path: path}
	defer f.close()
	var got []string
	for _, step := range []struct{ text, want string }{{"", ""}, {"2026-01-02T03:04:05.000000000Z a on", ""}, {"e\nno time\n2026-01-02T03:04:05.000000000Z b", "a one|a no time"}, {" two words\n", "b two words"}} {
		file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(file, step.text)
		_ = file.Close()
		got = nil
		if err := f.more(func(l deploy.Line) { got = append(got, l.Instance+" "+l.Text) }); err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(got, "|"); text != step.want {
			t.Errorf("behind %q: %q", step.text, text)
		}
	}
}

// Of each instance the last lines are taken, and of all those since a time.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	texts := map[string]string{}
	for i, file := range []string{"log.2", "log.1", "log", "log"} {
		texts[file] += begin.Add(time.Duration(i)*time.Second).Format(Time) + " a " + file + "\n"
		texts[file] += begin.Add(time.Duration(i)*time.Second).Format(Time) + " b " + file + "\n"
	}
	for file, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		o    deploy.LogOptions
		want string
	}{
		{deploy.LogOptions{Tail: -1}, "a log.2, b log.2, a log.1, b log.1, a log, b log, a log, b log"},
		{deploy.LogOptions{Tail: 1}, "a log, b log"},
		{deploy.LogOptions{Tail: 0}, ""},
		{deploy.LogOptions{Tail: 3, Since: begin.Add(2 * time.Second)}, "a log, b log, a log, b log"},
	} {
		var got []string
		if err := Read(t.Context(), filepath.Join(dir, "log"), c.o, nil, func(l deploy.Line) { got = append(got, l.Instance+" "+l.Text) }); err != nil {
			t.Fatal(err)
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%+v: %s", c.o, text)
		}
	}
}
