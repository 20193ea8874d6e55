// Package components brings the components that pipelines name by a reference: images of a
// registry, and modules of Go. It finds out what a reference means ([Bringer.Pin]), and has
// the program of what was pinned, as it was pinned, for a platform ([Bringer.Program]).
//
// What it brings lies in a cache by its digest, so that a pipeline that ran once needs no
// network; each file is compared with its digest when it is used.
package components

import (
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/backends/oci"
	"github.com/flowc-dev/flowc/backends/oci/live"
	"github.com/flowc-dev/flowc/ir/lock"
)

// A Bringer brings components.
type Bringer struct {
	// CacheDir has what was brought.
	CacheDir string
	// Registry is where references without a host are, "" for the default one.
	Registry string
	// Fetching is told what is about to be fetched; nil tells nobody.
	Fetching func(what string)
}

// A ReferenceError is a reference that is none.
type ReferenceError struct {
	Text string
	Err  error
}

// Error says what is wrong with it.
func (e *ReferenceError) Error() string {
	return fmt.Sprintf("%s is no reference of a component: %v", e.Text, e.Err)
}

// Unwrap returns the cause.
func (e *ReferenceError) Unwrap() error { return e.Err }

// Here is the platform of this machine.
func Here() oci.Platform { return oci.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH} }

func (b Bringer) fetching(what string) {
	if b.Fetching != nil {
		b.Fetching(what)
	}
}

// Pin finds out what a reference means now. notes say where what the component says of
// itself does not agree with how it is called, or with itself.
func (b Bringer) Pin(ctx context.Context, text string, inGo bool) (e *lock.Entry, notes []string, err error) {
	if inGo {
		e, err = b.pinModule(ctx, text)
	} else {
		e, notes, err = b.pinImage(ctx, text)
	}
	if err != nil {
		return nil, nil, err
	}
	if len(e.Descriptor) == 0 {
		return e, append(notes, "it has no metadata.json, so its types and its config are not checked"), nil
	}
	d, err := lock.ParseDescriptor(e.Descriptor)
	if err != nil {
		return nil, nil, fmt.Errorf("the metadata.json of %s can't be read: %w", text, err)
	}
	return e, append(notes, Disagreements(e, d)...), nil
}

func (b Bringer) pinImage(ctx context.Context, text string) (*lock.Entry, []string, error) {
	ref, err := lock.ParseReference(text)
	if err != nil {
		return nil, nil, &ReferenceError{text, err}
	}
	c, err := live.FindComponent(ctx, ref.Repository(b.Registry), ref.Tag, ref.Digest)
	if err != nil {
		return nil, nil, err
	}
	var notes []string
	if len(c.Apart) > 0 {
		notes = append(notes, fmt.Sprintf("its metadata.json says something else for %s: what it says for %s counts", strings.Join(c.Apart, ", "), slices.Sorted(maps.Keys(c.Platforms))[0]))
	}
	return &lock.Entry{Reference: text, Image: c.Image, Platforms: c.Platforms, Descriptor: described(c.Descriptor)}, notes, nil
}

func (b Bringer) pinModule(ctx context.Context, text string) (*lock.Entry, error) {
	m, err := lock.ParseModule(text)
	if err == nil && m.Local() {
		err = errors.New("a folder is built as it is, and not pinned")
	}
	if err != nil {
		return nil, &ReferenceError{text, err}
	}
	b.fetching("the module of " + text)
	found, err := build.Module(ctx, m.Package, m.Version)
	if err != nil {
		return nil, fmt.Errorf("%s can't be had: %w", text, err)
	}
	e := &lock.Entry{Go: text, Module: found.Path + "@" + found.Version, Sum: found.Sum}
	says, err := os.ReadFile(filepath.Join(found.Dir, filepath.FromSlash(found.Package), "metadata.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	e.Descriptor = described(says)
	return e, nil
}

// described is a descriptor as the lock has it, nil for none.
func described(text []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, text) != nil {
		return text // which says later what is wrong with it
	}
	return b.Bytes()
}

// Disagreements are where a descriptor does not agree with the reference that it was found by.
func Disagreements(e *lock.Entry, d *lock.Descriptor) (notes []string) {
	name, version := "", ""
	if e.Go != "" {
		_, version, _ = strings.Cut(e.Module, "@")
	} else if ref, err := lock.ParseReference(e.Reference); err == nil {
		name, version = ref.Path[strings.LastIndex(ref.Path, "/")+1:], ref.Tag
	}
	if d.Name != "" && name != "" && d.Name != name {
		notes = append(notes, fmt.Sprintf("its metadata.json calls it %q", d.Name))
	}
	if d.Version != "" && numbered(version) && numbered(d.Version) && strings.TrimPrefix(d.Version, "v") != strings.TrimPrefix(version, "v") && !strings.HasPrefix(strings.TrimPrefix(d.Version, "v"), strings.TrimPrefix(version, "v")+".") {
		notes = append(notes, fmt.Sprintf("its metadata.json is of version %s", d.Version))
	}
	if d.Type != "" && d.Role() == "" {
		notes = append(notes, fmt.Sprintf("its metadata.json has the type %q, which is none: source, processor, sink or consumer", d.Type))
	}
	return notes
}

// numbered tells whether a version has numbers that can be compared; a tag may be anything.
func numbered(version string) bool {
	first := strings.TrimPrefix(version, "v")
	return first != "" && first[0] >= '0' && first[0] <= '9'
}

// Gone tells that a registry no longer has what was pinned.
func Gone(err error) bool { return live.NotFound(err) }

// A PlatformError is a component that is not there for a platform.
type PlatformError struct {
	Entry    *lock.Entry
	Platform oci.Platform
}

// Error says for which ones it is.
func (e *PlatformError) Error() string {
	return fmt.Sprintf("it is not there for %s, only for %s", e.Platform, strings.Join(slices.Sorted(maps.Keys(e.Entry.Platforms)), ", "))
}

// Program is the path of the program of a pinned component for a platform. It is what was
// pinned, or an error.
func (b Bringer) Program(ctx context.Context, e *lock.Entry, p oci.Platform) (string, error) {
	if e.Go != "" {
		m, err := lock.ParseModule(e.Go)
		if err != nil {
			return "", &ReferenceError{e.Go, err}
		}
		path, version, _ := strings.Cut(e.Module, "@")
		return build.Component(ctx, build.ComponentRequest{Module: build.ModuleAt(path, version, e.Sum, m.Package), CacheDir: b.CacheDir, GOOS: p.OS, GOARCH: p.Arch, Building: func() { b.fetching(e.Go) }})
	}
	part := e.Platforms[p.String()]
	if part == "" {
		return "", &PlatformError{e, p}
	}
	_, digits, _ := strings.Cut(part, ":")
	file := filepath.Join(b.CacheDir, "components", digits[:2], digits[2:], "component")
	if whole(file) {
		build.Used(filepath.Dir(file))
		return file, loadable(file, e, p)
	}
	b.fetching(e.Reference + " for " + p.String())
	data, err := live.ComponentProgram(ctx, e.Repository(), part)
	if err != nil {
		return "", err
	}
	if err := keep(file, data); err != nil {
		return "", err
	}
	return file, loadable(file, e, p)
}

// Folder builds the program of a folder of Go beside a pipeline, for a platform.
func (b Bringer) Folder(ctx context.Context, dir string, p oci.Platform) (string, error) {
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no folder %s", dir)
	case err != nil:
		return "", err
	case !info.IsDir():
		return "", fmt.Errorf("%s is no folder", dir)
	}
	return build.Component(ctx, build.ComponentRequest{Dir: dir, CacheDir: b.CacheDir, GOOS: p.OS, GOARCH: p.Arch})
}

// whole tells whether a file of the cache is as it was kept.
func whole(file string) bool {
	want, err := os.ReadFile(file + ".sha256")
	if err != nil {
		return false
	}
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return false
	}
	return string(want) == hex.EncodeToString(sum.Sum(nil))
}

// keep puts a program into the cache. Its sum is written last: without it the file counts
// for nothing.
func keep(file string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	if err := write(file, data, 0o755); err != nil {
		return err
	}
	return write(file+".sha256", []byte(hex.EncodeToString(sum[:])), 0o644)
}

// write replaces a file at once.
func write(file string, data []byte, mode fs.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".bringing-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Chmod(mode)
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}

// loadable tells apart a program that this machine can't start since its image has the
// loader and the libraries that it needs.
func loadable(file string, e *lock.Entry, p oci.Platform) error {
	if p != Here() || runtime.GOOS != "linux" {
		return nil
	}
	f, err := elf.Open(file)
	if err != nil {
		return nil // a script, or what else its author runs
	}
	defer f.Close()
	for _, segment := range f.Progs {
		if segment.Type != elf.PT_INTERP {
			continue
		}
		text, err := io.ReadAll(segment.Open())
		loader := strings.TrimRight(string(text), "\x00")
		if _, serr := os.Stat(loader); err == nil && serr != nil {
			return fmt.Errorf("the program of %s needs %s, which its image has and this machine has not: run it as a container, `image: %s`", e.Reference, loader, e.Image)
		}
	}
	return nil
}

// Gather puts programs into a folder, by their names, which may be paths: links where that
// can be, else copies.
func Gather(folder string, programs map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		to := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if a, err := os.Stat(to); err == nil {
			if b, err := os.Stat(programs[name]); err == nil && os.SameFile(a, b) {
				continue
			}
		}
		tmp := filepath.Join(filepath.Dir(to), fmt.Sprintf(".%s-%d", filepath.Base(to), os.Getpid()))
		_ = os.Remove(tmp)
		if err := os.Link(programs[name], tmp); err != nil {
			data, err := os.ReadFile(programs[name])
			if err != nil {
				return err
			}
			if err := write(to, data, 0o755); err != nil {
				return err
			}
			continue
		}
		if err := os.Rename(tmp, to); err != nil {
			return err
		}
	}
	return nil
}
