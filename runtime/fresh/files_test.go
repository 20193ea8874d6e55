package fresh

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A bench is a value in files, and a clock of the test's own.
type bench struct {
	*testing.T
	dir    string
	files  *Files[string]
	clock  time.Time
	parsed int
	log    bytes.Buffer
}

// newBench opens the files, of which each is there already. A value that has "bad" in
// it can't be used.
func newBench(t *testing.T, dir string, names ...string) *bench {
	t.Helper()
	b := &bench{T: t, dir: dir, clock: time.Now()}
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b.log, nil)))
	t.Cleanup(func() { slog.SetDefault(old) })
	paths := make([]string, len(names))
	for i, n := range names {
		paths[i] = filepath.Join(dir, n)
	}
	var err error
	b.files, err = Open(func(contents [][]byte) (string, error) {
		b.parsed++
		all := string(bytes.Join(contents, []byte("+")))
		if strings.Contains(all, "bad") {
			return "", errors.New("it is none")
		}
		return all, nil
	}, paths...)
	if err != nil {
		t.Fatal(err)
	}
	b.files.now = func() time.Time { return b.clock }
	return b
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// write puts a text into a file, as if it were done at the present time of the clock.
func (b *bench) write(name, text string) {
	b.Helper()
	path := filepath.Join(b.dir, name)
	put(b.T, path, text)
	if err := os.Chtimes(path, b.clock, b.clock); err != nil {
		b.Fatal(err)
	}
}

// after is the value when some time has passed.
func (b *bench) after(d time.Duration) string {
	b.clock = b.clock.Add(d)
	return b.files.Get()
}

func (b *bench) want(d time.Duration, want string) {
	b.Helper()
	if got := b.after(d); got != want {
		b.Errorf("after %v it is %q, not %q", d, got, want)
	}
}

// A value follows its file, which is not looked at more often than it must be.
func TestFollows(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), "one")
	b := newBench(t, dir, "a")
	b.want(time.Second, "one")
	b.write("a", "two")
	b.want(pause/2, "one") // not looked at yet
	b.want(pause, "two")
	for range 1000 {
		b.want(time.Second, "two")
	}
	if b.parsed != 2 {
		t.Errorf("it was read %d times, not twice", b.parsed)
	}
	if n := strings.Count(b.log.String(), "read again"); n != 1 {
		t.Errorf("the log says %d times that it was read again:\n%s", n, b.log.String())
	}
	if strings.Contains(b.log.String(), "two") {
		t.Errorf("the log has the value in it:\n%s", b.log.String())
	}
}

// A file that somebody writes in pieces is read when that is done, and not before.
func TestHalfWritten(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), "secret")
	b := newBench(t, dir, "a")
	b.want(pause, "secret")
	for _, part := range []string{"", "ne", "new", "newe"} {
		b.clock = b.clock.Add(pause)
		b.write("a", part)
		b.want(0, "secret")
		b.want(settle/2, "secret")
	}
	b.write("a", "newest")
	b.want(settle/4, "secret")
	b.want(2*settle, "newest")
	// A clock of the file system that is ahead of ours delays it, and no more.
	b.clock = b.clock.Add(time.Hour)
	b.write("a", "later")
	b.clock = b.clock.Add(-30 * time.Minute)
	b.want(0, "newest")
	b.want(2*settle, "later")
}

// A file that is gone, or that can't be used, leaves the last good value; it is said
// once each time.
func TestKeepsTheLastGood(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), "one")
	b := newBench(t, dir, "a")
	for range 2 {
		b.log.Reset()
		if err := os.Remove(filepath.Join(dir, "a")); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			b.want(pause, "one")
		}
		if n := strings.Count(b.log.String(), "can't be read"); n != 1 {
			t.Errorf("the log says %d times that the file is gone:\n%s", n, b.log.String())
		}
		b.write("a", "one")
		b.want(2*pause, "one")
		b.want(2*pause, "one")
	}
	b.log.Reset()
	b.write("a", "bad")
	for range 5 {
		b.want(pause, "one")
	}
	if n := strings.Count(b.log.String(), "can't be used"); n != 1 || strings.Contains(b.log.String(), "bad") {
		t.Errorf("the log says %d times that the file can't be used, or what is in it:\n%s", n, b.log.String())
	}
	b.write("a", "good")
	b.want(pause, "good")
}

// Secrets of Kubernetes stand behind two links, of which one is turned to another
// folder: the file may be as long and as old as the one before.
func TestLinkIsTurned(t *testing.T) {
	dir := t.TempDir()
	when := time.Now().Add(-time.Hour)
	for _, v := range []string{"1", "2"} {
		if err := os.Mkdir(filepath.Join(dir, v), 0o700); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, v, "a")
		put(t, path, "value"+v)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	turn := func(to string) {
		t.Helper()
		next := filepath.Join(dir, "next")
		if err := os.Symlink(to, next); err != nil {
			t.Skipf("there are no links here: %v", err)
		}
		if err := os.Rename(next, filepath.Join(dir, "data")); err != nil {
			t.Fatal(err)
		}
	}
	turn("1")
	if err := os.Symlink(filepath.Join("data", "a"), filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, dir, "a")
	b.want(pause, "value1")
	turn("2")
	b.want(pause, "value2")
}

// Two files that are one value are taken together, when both are there.
func TestPair(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), "1")
	put(t, filepath.Join(dir, "b"), "1")
	b := newBench(t, dir, "a", "b")
	b.write("a", "bad") // without the other half
	b.want(pause, "1+1")
	b.want(pause, "1+1")
	b.write("b", "2")
	b.write("a", "2")
	b.want(pause, "2+2")
}

// What is missing at first is an error.
func TestOpenErrors(t *testing.T) {
	if _, err := Open(func([][]byte) (int, error) { return 0, nil }, filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) {
		t.Errorf("the error is %v", err)
	}
}

// What is made of a configuration is made once of each, and the last good one stays.
func TestMade(t *testing.T) {
	one := 1
	now := &one
	times := 0
	m, err := Make(func() *int { return now }, func(n *int) (int, error) {
		times++
		if *n < 0 {
			return 0, errors.New("it is negative")
		}
		return 10 * *n, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ config, want int }{{1, 10}, {2, 20}, {-1, 20}, {3, 30}} {
		now = &c.config
		for range 3 {
			if got := m.Get(); got != c.want {
				t.Errorf("of %d is made %d, not %d", c.config, got, c.want)
			}
		}
	}
	if times != 5 {
		t.Errorf("it was made %d times, not once of each of the five", times)
	}
	bad := -1
	if _, err := Make(func() *int { return &bad }, func(*int) (int, error) { return 0, errors.New("none") }); err == nil {
		t.Error("a first one that can't be used is taken")
	}
	if got := Or(&one, nil)(); got != &one {
		t.Error("what does not change is another one")
	}
}
