package main

import (
	"bytes"
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/backends/oci"
	"github.com/flowc-dev/flowc/compiler/driver"
	"github.com/flowc-dev/flowc/ir/lock"
)

// machines are the processors of programs, by the names of platforms.
var machines = map[string]elf.Machine{
	"386": elf.EM_386, "amd64": elf.EM_X86_64, "arm": elf.EM_ARM, "arm64": elf.EM_AARCH64, "ppc64le": elf.EM_PPC64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390,
}

// componentFiles are the files of commands that the image of a pipeline must have, for a
// platform: static binaries of the pipeline's folder. On a base they may be anything, and a
// command may be of the base.
func (a *app) componentFiles(r *driver.Result, p oci.Platform, based bool, without ...driver.Reference) (all []oci.File, err error) {
	if all, err = a.broughtFiles(r, p, without...); err != nil {
		return nil, err
	}
	for _, f := range all {
		if why := unfit(f.Data, p, based); why != "" {
			return nil, buildFailed(fmt.Errorf("the component %s %s, and would not start in the image: `flowc image --base IMAGE` puts it on one that has what it needs", path.Base(f.Path), why))
		}
	}
	for _, c := range manifest.Commands(r.Program) {
		if c.Brought() != "" {
			continue
		}
		if !c.Beside() {
			if !based {
				return nil, buildFailed(fmt.Errorf("`%s` runs `%s`, and the image has nothing but the program and files of the pipeline's folder: `flowc image --base IMAGE` puts it on an image that has it, or the node names one, `image: …`", c.Node, c.Program))
			}
			continue
		}
		if slices.ContainsFunc(all, func(f oci.File) bool { return f.Path == c.Path() }) {
			continue // several nodes run it
		}
		data, name, err := componentFile(r.Dir, c.Program, p)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, buildFailed(fmt.Errorf("`%s` runs `%s`, which is not in the pipeline's folder: build it there, static (CGO_ENABLED=0), for %s", c.Node, c.Program, p))
		}
		if err != nil {
			return nil, buildFailed(err)
		}
		if why := unfit(data, p, based); why != "" {
			return nil, buildFailed(fmt.Errorf("`%s` runs `%s`, which %s: put one that runs on %s beside it, as %s-%s-%s, or name an image that has it (`image: …`, or `flowc image --base IMAGE`)", c.Node, name, why, p, path.Base(c.Program), p.OS, p.Arch))
		}
		all = append(all, oci.File{Path: c.Path(), Data: data})
	}
	return all, nil
}

// broughtFiles are the programs of the components that flowc brings, as an image has them.
func (a *app) broughtFiles(r *driver.Result, p oci.Platform, without ...driver.Reference) (all []oci.File, err error) {
	brought, err := a.bring(r, p, without...)
	if err != nil {
		return nil, err
	}
	origins := map[string]oci.Origin{}
	for _, ref := range r.References {
		if ref.Pinned != nil {
			origins[ref.Pinned.File()] = originOf(ref.Pinned)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(brought)) {
		data, err := os.ReadFile(brought[name])
		if err != nil {
			return nil, environment(err)
		}
		all = append(all, oci.File{Path: manifest.Command{Program: lock.FilePrefix + name}.Path(), Data: data, Origin: origins[name]})
	}
	return all, nil
}

// originOf is where the component of an entry comes from, for the bill of materials.
func originOf(e *lock.Entry) oci.Origin {
	d := descriptorOf(e)
	o := oci.Origin{Reference: e.Written(), Image: e.Image, Module: e.Module, Sum: e.Sum, Version: d.Version, License: d.License}
	if m, err := lock.ParseModule(e.Go); err == nil && e.Go != "" {
		module, version, _ := strings.Cut(e.Module, "@")
		o.Package, o.Version = strings.TrimPrefix(strings.TrimPrefix(m.Package, module), "/"), version
	} else if ref, err := lock.ParseReference(e.Reference); err == nil {
		o.Tag, o.Version = ref.Tag, cmp.Or(o.Version, ref.Tag)
	}
	return o
}

// componentFile reads the file of a command: that of the platform (NAME-linux-arm64), where
// there is one.
func componentFile(dir, program string, p oci.Platform) (data []byte, name string, err error) {
	for _, name := range []string{program + "-" + p.OS + "-" + p.Arch, program} {
		data, err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))) //nolint:gosec // the pipeline names it
		if !errors.Is(err, fs.ErrNotExist) {
			return data, name, err
		}
	}
	return nil, program, err
}

// unfit says why a file can't run in an image: for another platform, or with libraries, or an
// interpreter, that an image of nothing else has not; "" where it can.
func unfit(data []byte, p oci.Platform, based bool) string {
	f, err := elf.NewFile(bytes.NewReader(data))
	switch {
	case err != nil && based:
		return "" // a script
	case err != nil:
		return "is no program of Linux"
	case machines[p.Arch] != f.Machine:
		return "is for another processor (" + f.Machine.String() + ")"
	case !based && slices.ContainsFunc(f.Progs, func(s *elf.Prog) bool { return s.Type == elf.PT_INTERP }):
		return "needs libraries (it is not static)"
	}
	return ""
}
