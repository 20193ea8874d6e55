package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/components"
	"github.com/flowc-dev/flowc/backends/golang"
	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/backends/oci"
	"github.com/flowc-dev/flowc/backends/oci/live"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir"
	"github.com/flowc-dev/flowc/ir/lock"
)

// A bringArg says where components come from, and whether more may be pinned.
type bringArg struct {
	Registry string `help:"Where references of components without a host are, as type: org/name@v1; FLOWC_REGISTRY says it for all pipelines." placeholder:"REGISTRY"`
	Frozen   bool   `help:"Pin nothing: a reference that flowc.lock lacks is an error. That is so where CI is set, too."`
}

// registryVariable is the registry for all pipelines, frozenVariable is --frozen, and
// broughtVariable tells a program where its components are that flowc has brought.
const (
	registryVariable = "FLOWC_REGISTRY"
	frozenVariable   = "FLOWC_FROZEN"
	broughtVariable  = "FLOWC_BROUGHT"
)

// frozen tells whether a reference that is not pinned is an error. In CI it is one: what is
// checked or built there would be something that nobody has seen.
func (p pipelineArg) frozen(a *app) bool {
	return p.Frozen || yes(a.getenv(frozenVariable)) || yes(a.getenv("CI"))
}

func yes(value string) bool {
	return value != "" && value != "0" && !strings.EqualFold(value, "false")
}

// bringer brings components; pipeline is the registry that the pipeline names.
func (a *app) bringer(given, pipeline string) (components.Bringer, error) {
	cache, err := a.cacheDir()
	if err != nil {
		return components.Bringer{}, err
	}
	b := components.Bringer{CacheDir: cache, Registry: given, Fetching: func(what string) {
		if a.format != "json" && a.format != "sarif" {
			fmt.Fprintf(a.stderr, "flowc: fetching %s, once\n", what)
		}
	}}
	for _, other := range []string{pipeline, a.getenv(registryVariable)} {
		if b.Registry == "" {
			b.Registry = other
		}
	}
	if strings.Contains(b.Registry, "://") {
		return b, usage(fmt.Errorf("the registry %s is a URL: name its host, and a part of it where that is meant, registry.example.com/components", b.Registry))
	}
	return b, nil
}

// unpinned are the references of a pipeline that its lock lacks.
func unpinned(r *driver.Result) []driver.Reference {
	return slices.DeleteFunc(slices.Clone(r.References), func(ref driver.Reference) bool { return ref.Pinned != nil || ref.Folder() })
}

// pin pins the references that the lock of a pipeline lacks.
func (p pipelineArg) pin(a *app, r *driver.Result) error {
	b, err := a.bringer(p.Registry, r.Registry)
	if err != nil {
		return err
	}
	l, err := readLock(r.Dir)
	if err != nil {
		return err
	}
	for _, ref := range unpinned(r) {
		e, notes, err := b.Pin(a.ctx, ref.Text, ref.Go)
		if err != nil {
			return a.bringError(fmt.Errorf("%s is not in %s, and can't be pinned: %w", ref.Text, lock.Name, err))
		}
		l.Put(e)
		a.pinned(e, notes)
	}
	return writeLock(r.Dir, l)
}

// pinned says what was pinned.
func (a *app) pinned(e *lock.Entry, notes []string) {
	if a.format == "json" || a.format == "sarif" {
		return // one document, and nothing beside it
	}
	is := e.Image
	if e.Go != "" {
		is = e.Module + " " + e.Sum
	}
	fmt.Fprintf(a.stderr, "flowc: pinned %s: %s\n", e.Written(), is)
	for _, n := range notes {
		fmt.Fprintf(a.stderr, "flowc: note: of %s: %s\n", e.Written(), n)
	}
}

// readLock reads the lock of a folder; one that is not there is empty.
func readLock(dir string) (*lock.File, error) {
	file := filepath.Join(dir, lock.Name)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && !isFolder(dir) {
		return nil, usage(fmt.Errorf("there is no folder %s", dir))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &lock.File{}, nil
	}
	if err != nil {
		return nil, environment(err)
	}
	l, err := lock.Parse(text)
	if err != nil {
		line := ""
		if place, ok := errors.AsType[*lock.TextError](err); ok {
			line = fmt.Sprintf(":%d", 1+strings.Count(string(text[:min(place.Offset, len(text))]), "\n"))
		}
		return nil, environment(fmt.Errorf("%s%s: %w: take the last one that was committed, or remove it and pin what is needed again", file, line, err))
	}
	return l, nil
}

// writeLock writes the lock of a folder at once, where it is another one. One of nothing is
// no file.
func writeLock(dir string, l *lock.File) error {
	text, err := l.Text()
	if err != nil {
		return bug(err)
	}
	file := filepath.Join(dir, lock.Name)
	if len(l.Components) == 0 {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return environment(err)
		}
		return nil
	}
	if old, err := os.ReadFile(file); err == nil && string(old) == string(text) {
		return nil
	}
	if err := writeWhole(file, text); err != nil {
		return environment(err)
	}
	return nil
}

// bring has the programs of all components of a pipeline that flowc brings, for a platform:
// their paths by their names. Those of some references may be left out.
func (a *app) bring(r *driver.Result, p oci.Platform, without ...driver.Reference) (map[string]string, error) {
	all := map[string]string{}
	b, err := a.bringer("", r.Registry)
	if err != nil {
		return nil, err
	}
	for _, ref := range r.References {
		if slices.Contains(without, ref) {
			continue
		}
		var name, path string
		var err error
		switch m, merr := lock.ParseModule(ref.Text); {
		case ref.Pinned != nil:
			name = ref.Pinned.File()
			path, err = b.Program(a.ctx, ref.Pinned, p)
		case ref.Folder() && merr == nil:
			name = lock.LocalFile(m)
			path, err = b.Folder(a.ctx, filepath.Join(r.Dir, filepath.FromSlash(m.Package)), p)
		default:
			err = fmt.Errorf("it is not in %s: `flowc components add %s` pins it", lock.Name, ref.Argument())
		}
		if err != nil && components.Gone(err) {
			return nil, environment(fmt.Errorf("the component %s, as %s pins it, is gone: %w\n`flowc components update %s` pins what it means now", ref.Text, lock.Name, err, ref.Text))
		}
		if err != nil {
			return nil, a.bringError(fmt.Errorf("the component %s: %w", ref.Text, err))
		}
		all[name] = path
	}
	return all, nil
}

// ownImages are the references that are containers of their own where a pipeline is deployed
// as containers: their images have their programs.
func ownImages(r *driver.Result) []driver.Reference {
	inside := map[string]bool{}
	for _, n := range r.Program.Nodes {
		if f := n.Foreign(); f != nil && f.Brought != nil && f.Protocol != ir.GRPC {
			inside[f.Brought.Reference] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(r.References), func(ref driver.Reference) bool { return ref.Go || inside[ref.Text] })
}

// bringError gives what went wrong with a component its exit code, and a remedy.
func (a *app) bringError(err error) error {
	var failed *build.Error
	var name *live.NameError
	var reference *components.ReferenceError
	var platform *components.PlatformError
	var missing *live.MissingError
	switch {
	case a.ctx.Err() != nil:
		return a.ctx.Err()
	case errors.As(err, &name), errors.As(err, &reference):
		return usage(err)
	case errors.As(err, &missing) && len(missing.Tags) == 0:
		return environment(fmt.Errorf("%w\n--registry, `registry:` of the pipeline or %s say where components are, and `docker login` who asks", err, registryVariable))
	case errors.As(err, &missing):
		return environment(err)
	case errors.As(err, &platform) && platform.Platform == components.Here():
		if platform.Entry.Platforms["linux/"+runtime.GOARCH] != "" {
			return environment(fmt.Errorf("%w\nas a container it runs here: `image: %s`", err, platform.Entry.Image))
		}
		return environment(fmt.Errorf("%w\nname another version of it, or a program of your own: `command: [./program]`", err))
	case errors.As(err, &platform):
		return environment(fmt.Errorf("%w\nname a platform that it is for: `--platform` of an image, `--goos` and `--goarch` of a program", err))
	case errors.As(err, &failed) && failed.Toolchain:
		return buildFailed(fmt.Errorf("%w\nflowc needs Go %s or newer to build components (it was built with %s)", err, golang.GoVersion, runtime.Version()))
	case errors.As(err, &failed) && failed.Download:
		return environment(fmt.Errorf("%w\nmodules come from where GOPROXY says, and GOPRIVATE names those that are not public", err))
	case errors.As(err, &failed):
		return buildFailed(err)
	}
	return environment(err)
}

// bringHere has the components of a pipeline where a program that runs on this machine finds
// them: in a folder of the pipeline's, which the environment names.
func (a *app) bringHere(r *driver.Result) error {
	programs, err := a.bring(r, components.Here())
	if err != nil || len(programs) == 0 {
		return err
	}
	cache, err := a.cacheDir()
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(r.Dir))
	folder := filepath.Join(cache, "brought", hex.EncodeToString(sum[:])[:16])
	if err := components.Gather(folder, programs); err != nil {
		return environment(err)
	}
	if err := os.Setenv(broughtVariable, folder); err != nil { // this process becomes the program, or starts it
		return environment(err)
	}
	return nil
}

// installBrought copies the components of a pipeline beside a program in a folder, and says
// which files they are.
func (a *app) installBrought(r *driver.Result, p oci.Platform, folder string) (files []string, err error) {
	programs, err := a.bring(r, p)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		to := filepath.Join(folder, "components", name)
		if _, err := install(programs[name], to); err != nil {
			return nil, environment(err)
		}
		files = append(files, to)
	}
	return files, nil
}
