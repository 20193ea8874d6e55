package program

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// followed is a configuration that follows files under test.
type followed struct {
	*testing.T
	dir string
	now func() *followedConfig
	log *lockedText
}

type followedConfig struct {
	token, user string
	count       int
}

// lockedText is a log that a test reads while it is written.
type lockedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// followFiles begins with a token, a user and a number, each in a file of its name.
// What is assigned has another value than its file.
func followFiles(t *testing.T, assigned map[string]bool) *followed {
	t.Helper()
	f := &followed{T: t, dir: t.TempDir(), log: &lockedText{}}
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(f.log, nil)))
	t.Cleanup(func() { slog.SetDefault(old) })
	for name, text := range map[string]string{"token": "first", "user": "ann", "count": "1"} {
		f.write(name, text)
	}
	config := &followedConfig{}
	again := Again(config, &f.now, func(c *followedConfig) []Ref {
		ref := func(name string, set Value) Ref {
			return Ref{Key: name, Place: "p.yaml:3", Parts: []Part{File(filepath.Join(f.dir, name))}, Set: set}
		}
		return []Ref{ref("token", String(&c.token)), ref("user", String(&c.user)), ref("count", Int(&c.count))}
	})
	env := environment{func(string) (string, bool) { return "", false }, os.ReadFile}
	for _, r := range again.refs() {
		if err := r.resolve(env); err != nil {
			t.Fatal(err)
		}
		if assigned[r.Key] {
			if err := r.Set.Set("7"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := again.begin(env, assigned); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *followed) write(name, text string) {
	f.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
		f.Fatal(err)
	}
}

// until asks for the configuration until something is so.
func (f *followed) until(what string, so func() bool) {
	f.Helper()
	for range 4000 {
		f.now()
		if so() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	f.Fatalf("%s: never; it is %+v, and the log says\n%s", what, *f.now(), f.log)
}

func (f *followed) want(want followedConfig) {
	f.Helper()
	if got := *f.now(); got != want {
		f.Errorf("it is %+v, not %+v", got, want)
	}
}

// A file that is empty for a moment leaves the value that it had.
func TestAgainKeepsWhatIsEmptied(t *testing.T) {
	f := followFiles(t, nil)
	f.want(followedConfig{"first", "ann", 1})
	f.write("token", " \n")
	f.until("it is said", func() bool { return strings.Contains(f.log.String(), "what it held before stays in use") })
	f.want(followedConfig{"first", "ann", 1})
	f.write("token", "second")
	f.until("it follows", func() bool { return *f.now() == followedConfig{"second", "ann", 1} })
}

// A file with what can't be used leaves the whole configuration as it was, until it is
// mended: nobody gets a half of each.
func TestAgainKeepsTheLastGood(t *testing.T) {
	f := followFiles(t, nil)
	complaints := func() int { return strings.Count(f.log.String(), "what it held before stays in use") }
	f.write("count", "many")
	f.until("it is said", func() bool { return complaints() == 1 })
	f.write("token", "second")
	f.until("it is said again", func() bool { return complaints() == 2 })
	f.want(followedConfig{"first", "ann", 1})
	f.write("count", "22")
	f.until("it is mended", func() bool { return *f.now() == followedConfig{"second", "ann", 22} })
}

// What was set stays, whatever the file says that it stands for.
func TestAgainLeavesWhatWasSet(t *testing.T) {
	f := followFiles(t, map[string]bool{"user": true})
	f.want(followedConfig{"first", "7", 1})
	f.write("user", "eve")
	for _, token := range []string{"second", "the third"} { // by then the other file was looked at
		f.write("token", token)
		f.until("the token follows", func() bool { return f.now().token == token })
		f.want(followedConfig{token, "7", 1})
	}
}
