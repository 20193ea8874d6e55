package build

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends"
)

// inside is the request of a package in a module of the user's.
func inside(t *testing.T) Request {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "go.mod", "module example.com/shop\n\ngo 1.26\n")
	return Request{
		Name: "p", Files: []backends.File{{Path: "main.go", Data: []byte("package main\n")}, {Path: "runtime/flow/x.go", Data: []byte("package flow\n")}},
		Layout:    backends.Layout{Package: "main", Path: "example.com/shop/orders/internal/flowc_p", Inside: true},
		ModuleDir: dir, ModulePath: "example.com/shop", Flags: []string{"-tags=x"}, Compiled: "1", CacheDir: t.TempDir(),
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Whatever the binary depends on is in the key, and nothing else is.
func TestKey(t *testing.T) {
	base := inside(t)
	for name, change := range map[string]func(*Request){
		"name":       func(r *Request) { r.Name = "q" },
		"path":       func(r *Request) { r.Layout.Path += "x" },
		"flags":      func(r *Request) { r.Flags = []string{"-tags=y"} },
		"system":     func(r *Request) { r.GOOS = "plan9" },
		"processor":  func(r *Request) { r.GOARCH = "arm" },
		"release":    func(r *Request) { r.Release = true },
		"modules":    func(r *Request) { r.Modules = []backends.Module{{Path: "example.com/m", Version: "v1.0.0"}} },
		"user's Go":  func(r *Request) { r.Compiled = "2" },
		"a file":     func(r *Request) { r.Files[0].Data = []byte("package main // x\n") },
		"its name":   func(r *Request) { r.Files[0].Path = "other.go" },
		"go.mod":     func(r *Request) { write(t, r.ModuleDir, "go.mod", "module example.com/shop\n\ngo 1.27\n") },
		"no go.mod":  func(r *Request) { r.ModuleDir = filepath.Join(r.ModuleDir, "gone") },
		"standalone": func(r *Request) { r.ModuleDir = "" },
	} {
		r := inside(t)
		r.ModuleDir = base.ModuleDir
		write(t, r.ModuleDir, "go.mod", "module example.com/shop\n\ngo 1.26\n")
		if r.key() != base.key() {
			t.Fatal("equal requests have two keys")
		}
		want := base.key()
		change(&r)
		if r.key() == want {
			t.Errorf("%s: the key does not say it", name)
		}
	}
	// Bytes that move from one file to the next make another program.
	a := Request{Files: []backends.File{{Path: "a", Data: []byte("xy")}, {Path: "b"}}}
	b := Request{Files: []backends.File{{Path: "a", Data: []byte("x")}, {Path: "b", Data: []byte("y")}}}
	if a.key() == b.key() {
		t.Error("two programs have one key")
	}
	// Where the cache lies and what is printed means nothing.
	r := inside(t)
	r.ModuleDir = base.ModuleDir
	write(t, r.ModuleDir, "go.mod", "module example.com/shop\n\ngo 1.26\n")
	r.CacheDir, r.Log = "elsewhere", os.Stderr
	if r.key() != base.key() {
		t.Error("the place of the cache is in the key")
	}
	for _, name := range instructions {
		before := base.key()
		t.Setenv(name, "other")
		if base.key() == before {
			t.Errorf("%s: the key does not say it", name)
		}
	}
}

func TestCertain(t *testing.T) {
	for _, c := range []struct {
		name string
		r    Request
		want bool
	}{
		{"standalone", Request{GOOS: "plan9"}, true},
		{"inside", Request{ModuleDir: "d", Compiled: "1"}, true},
		{"inside, for this machine by name", Request{ModuleDir: "d", Compiled: "1", GOOS: runtime.GOOS, GOARCH: runtime.GOARCH}, true},
		{"inside, for another system", Request{ModuleDir: "d", Compiled: "1", GOOS: "plan9"}, false},
		{"inside, for another processor", Request{ModuleDir: "d", Compiled: "1", GOARCH: "mips"}, false},
		{"inside, nothing known", Request{ModuleDir: "d"}, false},
	} {
		if got := c.r.certain(); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}

// Packages inside the user's module are laid over it; nothing is written there.
func TestOverlay(t *testing.T) {
	r := inside(t)
	src := filepath.Join(r.CacheDir, "src")
	args, dir, err := r.arguments(src, "out")
	if err != nil {
		t.Fatal(err)
	}
	if dir != r.ModuleDir || args[len(args)-1] != r.Layout.Path || !slices.Contains(args, "-tags=x") || slices.ContainsFunc(args, func(a string) bool { return strings.HasPrefix(a, "-modfile") }) {
		t.Errorf("go %q in %s", args, dir)
	}
	at := slices.Index(args, "-overlay")
	if at < 0 {
		t.Fatalf("go %q", args)
	}
	text, err := os.ReadFile(args[at+1])
	if err != nil {
		t.Fatal(err)
	}
	var overlay struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &overlay); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, f := range r.Files {
		want[filepath.Join(r.ModuleDir, "orders", "internal", "flowc_p", filepath.FromSlash(f.Path))] = filepath.Join(src, filepath.FromSlash(f.Path))
	}
	if !maps.Equal(overlay.Replace, want) {
		t.Errorf("got %q, want %q", overlay.Replace, want)
	}
	entries, err := os.ReadDir(r.ModuleDir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the module holds %v %v", entries, err)
	}
}

func TestStandaloneArguments(t *testing.T) {
	for _, release := range []bool{false, true} {
		args, dir, err := Request{Release: release}.arguments("src", "out")
		if err != nil || dir != "src" || args[len(args)-1] != "." || !slices.Contains(args, "-trimpath") || !slices.Contains(args, "-buildvcs=false") {
			t.Errorf("go %q in %s: %v", args, dir, err)
		}
		if reproducible := slices.Contains(args, "-ldflags=-s -w -buildid="); reproducible != release {
			t.Errorf("release %v: go %q", release, args)
		}
	}
}

// Modules of the runtime that the user's go.mod does not name come from a copy
// of it.
func TestModfile(t *testing.T) {
	zstd := backends.Module{Path: "example.com/zstd", Version: "v1.2.3", Sum: "h1:a=", GoModSum: "h1:b=", GoMods: []string{"example.com/old v0.1.0/go.mod h1:c="}}
	r := inside(t)
	r.Modules = []backends.Module{zstd}
	beside := filepath.Join(r.CacheDir, "src")
	write(t, r.ModuleDir, "go.sum", "example.com/other v1.0.0 h1:x=")
	flags, err := r.modfile(beside)
	if err != nil || !slices.Equal(flags, []string{"-mod=mod", "-modfile=" + beside + ".mod"}) {
		t.Fatalf("got %q %v", flags, err)
	}
	mod, err1 := os.ReadFile(beside + ".mod")
	sum, err2 := os.ReadFile(beside + ".sum")
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if !strings.HasPrefix(string(mod), "module example.com/shop\n") || !strings.Contains(string(mod), "\nrequire example.com/zstd v1.2.3\n") {
		t.Errorf("go.mod:\n%s", mod)
	}
	if want := "example.com/other v1.0.0 h1:x=\nexample.com/zstd v1.2.3 h1:a=\nexample.com/zstd v1.2.3/go.mod h1:b=\nexample.com/old v0.1.0/go.mod h1:c=\n"; string(sum) != want {
		t.Errorf("go.sum:\n%s", sum)
	}
	// It is there already.
	write(t, r.ModuleDir, "go.mod", "module example.com/shop\n\nrequire (\n\texample.com/zstd v1.2.3 // indirect\n)\n")
	if flags, err := r.modfile(beside); flags != nil || err != nil {
		t.Errorf("got %q %v", flags, err)
	}
	// Another version: the go command takes the newer of the two.
	write(t, r.ModuleDir, "go.mod", "module example.com/shop\n\nrequire example.com/zstd v1.2.0\n")
	if flags, err := r.modfile(beside); len(flags) != 2 || err != nil {
		t.Errorf("got %q %v", flags, err)
	}
	// A vendor folder can't be added to, and its versions are the user's.
	r.Flags = []string{"-mod=vendor"}
	if flags, err := r.modfile(beside); flags != nil || err != nil {
		t.Errorf("got %q %v", flags, err)
	}
	write(t, r.ModuleDir, "go.mod", "module example.com/shop\n")
	_, err = r.modfile(beside)
	if _, ok := errors.AsType[*Error](err); !ok || !strings.Contains(err.Error(), "`go get example.com/zstd@v1.2.3` and `go mod vendor`") {
		t.Errorf("got %v", err)
	}
}

func TestRequired(t *testing.T) {
	for mod, want := range map[string]string{
		"require example.com/m v1.0.0\n":                 "v1.0.0",
		"require (\n\texample.com/m v1.0.0\n)\n":         "v1.0.0",
		"require example.com/m/v2 v2.0.0\n":              "",
		"// require example.com/m v1.0.0\n":              "",
		"replace example.com/m => ../m\n":                "",
		"module example.com/m\n":                         "",
		"require example.com/mm v1.0.0\n":                "",
		"require example.com/m v1.0.0 // indirect\r\n":   "v1.0.0",
		"exclude example.com/m v1.0.0\nrequire x v1.0\n": "",
	} {
		if got, ok := required([]byte(mod), "example.com/m"); got != want || ok != (want != "") {
			t.Errorf("%q: got %q %v", mod, got, ok)
		}
	}
}

func TestErrorText(t *testing.T) {
	cause := errors.New("exit status 1")
	e := &Error{Output: "\n# p\nx.go:1: wrong\n\n", Err: cause}
	if e.Error() != "# p\nx.go:1: wrong" || !errors.Is(e, cause) {
		t.Errorf("got %q", e.Error())
	}
	if e := (&Error{Err: cause}); e.Error() != "exit status 1" {
		t.Errorf("got %q", e.Error())
	}
	if !tooOld("go: errors parsing go.mod:\ngo.mod requires go >= 1.26 (running go 1.24)") || tooOld("x.go:1: wrong") {
		t.Error("which Go is too old")
	}
}
