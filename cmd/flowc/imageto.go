package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/backends/manifest"
	"github.com/flowc-dev/flowc/backends/oci"
	"github.com/flowc-dev/flowc/backends/oci/live"
	"github.com/flowc-dev/flowc/compiler/driver"
)

// A destination is where an image goes.
type destination struct {
	kind   string // registry, file, engine or nowhere
	file   string
	engine *live.Engine
}

// destination is what the flags say; an engine is found, and not yet asked.
func (c *imageCmd) destination(a *app) (*destination, error) {
	switch {
	case c.Push:
		return &destination{kind: "registry"}, nil
	case c.Output != "":
		return &destination{kind: "file", file: c.Output}, nil
	case !c.Load:
		return &destination{kind: "nowhere"}, nil
	}
	engine, err := a.containerEngine()
	if err != nil {
		return nil, err
	}
	return &destination{kind: "engine", engine: engine}, nil
}

// deliver takes the image there, and completes what is told of it.
func (d *destination) deliver(a *app, image *oci.Image, ref oci.Reference, res *imageResult) error {
	switch d.kind {
	case "registry":
		res.Where = ref.Registry()
		attached, err := live.Push(a.ctx, ref, image)
		if err != nil {
			return environment(err)
		}
		if res.Attached = attached == nil; !res.Attached {
			res.note = fmt.Sprintf("the registry does not keep the bill of materials beside the image (%v); it is in the image, at %s", attached, oci.SBOMFile)
		}
	case "file":
		res.Where = d.file
		if err := writeImage(d.file, image, ref); err != nil {
			return environment(err)
		}
	case "engine":
		res.Where = d.engine.Address
		if err := d.engine.Load(a.ctx, image, ref); err != nil {
			return environment(err)
		}
	}
	return nil
}

// writeImage writes an archive; a file that is there is replaced when all is
// written.
func writeImage(file string, image *oci.Image, ref oci.Reference) error {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".flowc-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	err = image.Archive(tmp, ref)
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}

// imageSpec is a pipeline's image, without programs.
func imageSpec(r *driver.Result) oci.Spec {
	l := layout(r.Program)
	return oci.Spec{Pipeline: r.Program.Name, Hash: l.Hash, Version: l.Version, Folders: manifest.Folders(r.Program)}
}

// program builds the program that is shipped, for a platform.
func (a *app) program(r *driver.Result, p oci.Platform, req build.Request) (oci.Program, error) {
	req.Release, req.GOOS, req.GOARCH = true, p.OS, p.Arch
	binary, _, err := a.buildPieces(r, req)
	if err != nil {
		return oci.Program{}, err
	}
	data, err := os.ReadFile(binary)
	if err != nil {
		return oci.Program{}, environment(err)
	}
	return oci.Program{Platform: p, Binary: data}, nil
}
