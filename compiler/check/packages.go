package check

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/flowc-dev/flowc/ir/diag"
	"github.com/flowc-dev/flowc/ir/source"
)

// StdOptions say where the standard library is.
type StdOptions struct {
	// GoRoot and GoVersion are those of the Go that builds the program
	// (`go env GOROOT GOVERSION`); where they are empty, the go command in the
	// path is asked.
	GoRoot, GoVersion string
	// CacheDir is a folder of flowc's in the user's cache, "" for none: there it
	// is kept where the export file of a package lies, since asking the go
	// command costs 50 ms and more.
	CacheDir string
}

// Std reads the types of standard packages from export files, the packages
// that are named and no others. It is not safe for concurrent use.
type Std struct {
	o     StdOptions
	files map[string]string // export files by import path
	read  bool              // the cache was read
	imp   types.Importer
	lists int
}

// NewStd returns a reader of the standard library; it does nothing before the
// first package is asked for.
func NewStd(o StdOptions) *Std {
	s := &Std{o: o, files: map[string]string{}}
	s.imp = importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(s.files[path])
	})
	return s
}

// Calls is how often the go command ran.
func (s *Std) Calls() int { return s.lists }

// Import returns the types of a standard package.
func (s *Std) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if err := s.Need(path); err != nil {
		return nil, err
	}
	return s.imp.Import(path)
}

// Need makes the types of packages ready to be imported, with at most one call
// of the go command to find their export files. Packages that the standard
// library lacks are an error.
func (s *Std) Need(paths ...string) error {
	var missing []string
	for _, p := range paths {
		if s.files[p] == "" {
			missing = append(missing, p)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if err := s.goEnv(); err != nil {
		return err
	}
	s.readCache()
	still := missing[:0]
	for _, p := range missing {
		if s.files[p] == "" {
			still = append(still, p)
		}
	}
	if len(still) == 0 {
		return nil
	}
	return s.list(still)
}

// goEnv asks the go command where it is, once.
func (s *Std) goEnv() error {
	if s.o.GoRoot != "" && s.o.GoVersion != "" {
		return nil
	}
	s.lists++
	out, err := s.run("go", "", "env", "GOROOT", "GOVERSION")
	if err != nil {
		return err
	}
	root, version, _ := strings.Cut(strings.TrimSpace(out), "\n")
	s.o.GoRoot, s.o.GoVersion = strings.TrimSpace(root), strings.TrimSpace(version)
	return nil
}

// list asks the go command for export files; it compiles what was never
// compiled.
func (s *Std) list(paths []string) error {
	s.lists++
	args := append([]string{"list", "-export", "-f", "{{.ImportPath}}\t{{.Export}}", "--"}, paths...)
	// In GOROOT there is no module, workspace or vendor folder of the user's that
	// could get in the way.
	out, err := s.run(filepath.Join(s.o.GoRoot, "bin", "go"), filepath.Join(s.o.GoRoot, "src"), args...)
	if err != nil {
		return err
	}
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		if path, file, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && file != "" {
			s.files[path] = file
		}
	}
	for _, p := range paths {
		if s.files[p] == "" && p != "unsafe" {
			return fmt.Errorf("the go command has no export data for %s", p)
		}
	}
	s.writeCache()
	return nil
}

func (s *Std) run(name, dir string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GOFLAGS=", "GOWORK=off", "GO111MODULE=on", "CGO_ENABLED=0", "GOPACKAGESDRIVER=off")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return "", errors.New("the `go` command is not in PATH")
		}
		if text := strings.TrimSpace(stderr.String()); text != "" {
			first, _, _ := strings.Cut(text, "\n")
			return "", errors.New(first)
		}
		return "", err
	}
	return stdout.String(), nil
}

// cacheFile is where the export files of this Go are noted, "" for nowhere.
func (s *Std) cacheFile() string {
	if s.o.CacheDir == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s.o.GoRoot + "\x00" + s.o.GoVersion + "\x00" + runtime.GOOS + "/" + runtime.GOARCH))
	return filepath.Join(s.o.CacheDir, "std-"+hex.EncodeToString(sum[:8])+".json")
}

// readCache reads the notes of earlier compiles. The go command deletes from
// its cache what was not used for days, so each file must still be there.
func (s *Std) readCache() {
	file := s.cacheFile()
	if s.read || file == "" {
		return
	}
	s.read = true
	data, err := os.ReadFile(file)
	if err != nil {
		return
	}
	known := map[string]string{}
	if json.Unmarshal(data, &known) != nil {
		return
	}
	for path, export := range known {
		if _, err := os.Stat(export); err == nil && s.files[path] == "" {
			s.files[path] = export
		}
	}
}

// writeCache notes the export files. A cache that can't be written costs time
// only, so errors are not reported.
func (s *Std) writeCache() {
	file := s.cacheFile()
	if file == "" {
		return
	}
	data, err := json.MarshalIndent(s.files, "", "\t")
	if err != nil || os.MkdirAll(s.o.CacheDir, 0o755) != nil {
		return
	}
	tmp, err := os.CreateTemp(s.o.CacheDir, "std-*.tmp")
	if err != nil {
		return
	}
	_, err = tmp.Write(data)
	if cerr := tmp.Close(); err != nil || cerr != nil || os.Rename(tmp.Name(), file) != nil {
		_ = os.Remove(tmp.Name())
	}
}

// unreadable reports a package whose types can't be had.
func (j *job) unreadable(path string, err error, at source.Span) {
	if j.c.told[path] {
		return
	}
	j.c.told[path] = true
	d := j.l.Errorf(diag.GoPackage, at, "can't read the types of package %s: %v", path, err)
	if j.c.opts.Importer == nil && strings.Contains(err.Error(), "version") {
		d.Notef("flowc was built with %s, the go command is %s", runtime.Version(), j.c.opts.Std.o.GoVersion)
		d.Helpf("use a flowc that was built with this Go or a newer one")
		return
	}
	d.Helpf("`go list -export %s` in the pipeline's folder should print no error", path)
}
