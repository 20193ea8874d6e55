package components

import (
	"archive/zip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/flowc-dev/flowc/backends/oci"
)

// proxy makes a module proxy of files, and has the go command ask it alone.
func proxy(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Skip("there is no go command")
	}
	for name, value := range map[string]string{
		"GOPROXY": "file://" + filepath.ToSlash(dir), "GONOSUMDB": "*", "GONOSUMCHECK": "1", "GOSUMDB": "off", "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local",
		"GOMODCACHE": t.TempDir(), "GOCACHE": strings.TrimSpace(string(cache)), "GOWORK": "off",
	} {
		t.Setenv(name, value)
	}
	return dir
}

// release puts a version of a module into the proxy.
func release(t *testing.T, dir, module, version string, files map[string]string) {
	t.Helper()
	at := filepath.Join(dir, filepath.FromSlash(module), "@v")
	if err := os.MkdirAll(at, 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(at, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("list", version+"\n")
	write(version+".info", `{"Version": "`+version+`", "Time": "2024-01-01T00:00:00Z"}`)
	write(version+".mod", files["go.mod"])
	f, err := os.Create(filepath.Join(at, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	for name, text := range files {
		w, err := z.Create(module + "@" + version + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

const (
	partsMod  = "module example.com/parts\n\ngo 1.24\n\nrequire example.com/words v1.0.0\n"
	shoutMain = "package main\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/words\"\n)\n\nfunc main() { fmt.Println(words.Loud) }\n"
)

// A module's program is built as its authors build it, in a module of its own, with the sum
// that was pinned.
func TestModule(t *testing.T) {
	dir := proxy(t)
	release(t, dir, "example.com/words", "v1.0.0", map[string]string{"go.mod": "module example.com/words\n\ngo 1.24\n", "words.go": "package words\n\nconst Loud = \"LOUD\"\n"})
	release(t, dir, "example.com/parts", "v1.2.3", map[string]string{
		"go.mod": partsMod, "cmd/shout/main.go": shoutMain, "cmd/shout/metadata.json": `{"name": "shout", "type": "processor"}`,
		"words/words.go": "package words\n", "cmd/broken/main.go": "package main\n\nfunc main() { x }\n",
	})
	cache := t.TempDir()
	b := Bringer{CacheDir: cache}
	e, notes, err := b.Pin(t.Context(), "example.com/parts/cmd/shout@v1.2.3", true)
	if err != nil || len(notes) > 0 {
		t.Fatal(err, notes)
	}
	if e.Module != "example.com/parts@v1.2.3" || !strings.HasPrefix(e.Sum, "h1:") || string(e.Descriptor) != `{"name":"shout","type":"processor"}` {
		t.Errorf("pinned is %+v", e)
	}
	path, err := b.Program(t.Context(), e, Here())
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(path).CombinedOutput(); err != nil || string(out) != "LOUD\n" {
		t.Errorf("%q %v", out, err)
	}
	if far, err := b.Program(t.Context(), e, oci.Platform{OS: "linux", Arch: map[bool]string{true: "arm64", false: "amd64"}[Here().Arch == "amd64"]}); err != nil || far == path {
		t.Errorf("%s %v", far, err)
	}
	if latest, _, err := b.Pin(t.Context(), "example.com/parts/cmd/shout@latest", true); err != nil || latest.Module != e.Module || latest.Sum != e.Sum {
		t.Errorf("the latest is %+v: %v", latest, err)
	}

	// Without a network, what was built once is there; what is not is said to be missing.
	t.Setenv("GOPROXY", "off")
	if again, err := b.Program(t.Context(), e, Here()); err != nil || again != path {
		t.Error(again, err)
	}
	t.Setenv("GOMODCACHE", t.TempDir())
	if _, err := (Bringer{CacheDir: t.TempDir()}).Program(t.Context(), e, Here()); err == nil || !strings.Contains(err.Error(), "GOPROXY=off") {
		t.Error(err)
	}
	t.Setenv("GOPROXY", "file://"+filepath.ToSlash(dir))

	// A version that somebody made again is another one.
	release(t, dir, "example.com/parts", "v1.2.3", map[string]string{"go.mod": partsMod, "cmd/shout/main.go": strings.Replace(shoutMain, "words.Loud", "\"other\"+words.Loud", 1)})
	if _, err := (Bringer{CacheDir: t.TempDir()}).Program(t.Context(), e, Here()); err == nil || !strings.Contains(err.Error(), "was pinned: it is another one") {
		t.Error(err)
	}
}

func TestModuleMistakes(t *testing.T) {
	dir := proxy(t)
	release(t, dir, "example.com/parts", "v1.0.0", map[string]string{
		"go.mod": "module example.com/parts\n\ngo 1.24\n", "words/words.go": "package words\n", "cmd/broken/main.go": "package main\n\nfunc main() { x }\n",
	})
	b := Bringer{CacheDir: t.TempDir()}
	for text, want := range map[string]string{
		"example.com/parts/cmd/none@v1.0.0": "has no package example.com/parts/cmd/none",
		"example.com/none@v1.0.0":           "can't be had", "example.com/parts/words@v2.0.0": "can't be had",
		"./words": "not pinned", "words@v1": "begins with a host",
	} {
		if _, _, err := b.Pin(t.Context(), text, true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q, got %v", text, want, err)
		}
	}
	for text, want := range map[string]string{"example.com/parts/words@v1.0.0": "it is no program", "example.com/parts/cmd/broken@v1.0.0": "undefined: x"} {
		e, _, err := b.Pin(t.Context(), text, true)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Program(t.Context(), e, Here()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q, got %v", text, want, err)
		}
	}
}

// A folder beside the pipeline is built anew when it has changed.
func TestFolder(t *testing.T) {
	proxy(t)
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/own\n\ngo 1.24\n")
	b := Bringer{CacheDir: t.TempDir()}
	for _, word := range []string{"one", "two"} {
		write("main.go", "package main\n\nfunc main() { println(\""+word+"\") }\n")
		path, err := b.Folder(t.Context(), dir, Here())
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Join(t.TempDir(), "all")
		for range 2 {
			if err := Gather(folder, map[string]string{"own-1": path}); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := exec.Command(filepath.Join(folder, "own-1")).CombinedOutput(); err != nil || string(out) != word+"\n" {
			t.Errorf("%q %v", out, err)
		}
	}
	for _, wrong := range []string{filepath.Join(dir, "none"), filepath.Join(dir, "main.go")} {
		if _, err := b.Folder(t.Context(), wrong, Here()); err == nil || !strings.Contains(err.Error(), "no folder") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
