package program

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"given/token": "from the supervisor", "own/token": "of its own", "own/other": "of its own"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct{ credentials, file, want string }{
		{filepath.Join(dir, "given"), "token", "from the supervisor"},
		{filepath.Join(dir, "given"), "other", "of its own"},
		{"", "token", "of its own"},
	} {
		e := environment{func(name string) (string, bool) {
			return test.credentials, name == "CREDENTIALS_DIRECTORY" && test.credentials != ""
		}, os.ReadFile}
		text, err := File(filepath.Join(dir, "own", test.file)).value(e)
		if err != nil || text != test.want {
			t.Errorf("%s with %q is %q, %v; want %q", test.file, test.credentials, text, err, test.want)
		}
	}
}

// What follows its files follows the credential, where that is the file.
func TestCredentialsAreFollowed(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "token"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	e := environment{func(name string) (string, bool) { return dir, name == "CREDENTIALS_DIRECTORY" }, os.ReadFile}
	type config struct{ token string }
	c := &config{}
	var now func() *config
	f := Again(c, &now, func(c *config) []Ref {
		return []Ref{{Key: "a.config.token", Parts: []Part{File("/nowhere/token")}, Set: String(&c.token)}}
	})
	for _, r := range f.refs() {
		if err := r.resolve(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.begin(e, nil); err != nil {
		t.Fatal(err)
	}
	write("second, and longer")
	for range 2000 {
		if now().token == "second, and longer" {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("the token stays %q", now().token)
}
