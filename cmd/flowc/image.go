package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/flowc-dev/flowc/backends/golang/build"
	"github.com/flowc-dev/flowc/backends/oci"
	"github.com/flowc-dev/flowc/backends/oci/live"
	"github.com/flowc-dev/flowc/compiler/driver"
)

type imageCmd struct {
	pipelineArg `embed:""`
	Tag         string   `short:"t" help:"The image's name, or NAME:TAG; the default is the pipeline's name, and its hash as the tag." placeholder:"NAME"`
	Push        bool     `xor:"to" help:"Push it to its registry, as whom Docker's configuration says."`
	Output      string   `xor:"to" short:"o" help:"Write it to a file, in the layout of OCI." placeholder:"FILE"`
	Load        bool     `xor:"to" help:"Load it into the container engine that Docker's command would use."`
	Platform    []string `help:"What it is for, as linux/amd64,linux/arm64: the default, and with --load the engine's." placeholder:"PLATFORM"`
	Base        string   `help:"Put the program on this image, instead of on nothing." placeholder:"IMAGE"`
	Pin         string   `help:"Write NAME@DIGEST, which always means this image, to a file." placeholder:"FILE"`

	// deployed tells that the image is for a deployment, which has containers for the
	// components that have images.
	deployed bool
}

// Run builds the program for each platform and makes an image of it.
func (c *imageCmd) Run(a *app) error {
	c.pins = true
	r, err := c.compile(a)
	if err != nil {
		return err
	}
	ref, err := c.reference(r.Program.Name, layout(r.Program).Hash)
	if err != nil {
		return usage(err)
	}
	to, err := c.destination(a)
	if err != nil {
		return err
	}
	platforms, err := c.platforms(a, to)
	if err != nil {
		return err
	}
	image, base, err := c.image(a, r, platforms)
	if err != nil {
		return err
	}
	res := imageResult{
		Reference: ref.String(), Digest: image.Digest.String(), Pinned: ref.Pinned(image.Digest), Hash: layout(r.Program).Hash, Base: base, To: to.kind, SBOM: oci.SBOMFile,
	}
	for _, p := range image.Parts {
		res.Platforms = append(res.Platforms, imagePart{p.Platform.String(), p.Digest.String(), p.ID.String(), p.Compressed, p.Binary})
	}
	if err := to.deliver(a, image, ref, &res); err != nil {
		return err
	}
	if c.Pin != "" {
		if err := os.WriteFile(c.Pin, []byte(res.Pinned+"\n"), 0o644); err != nil { //nolint:gosec // for whoever deploys it
			return environment(err)
		}
	}
	return a.answer("made "+res.Reference, res, res.show)
}

// reference is the name that was given, or follows from the pipeline.
func (c *imageCmd) reference(pipeline, hash string) (oci.Reference, error) {
	given := c.Tag
	if given == "" {
		given = pipeline // which is a name of an image as well
	}
	ref, err := oci.ParseReference(given, hash)
	switch {
	case err != nil:
		return ref, err
	case c.Push && c.Tag == "":
		return ref, errors.New("--push needs the name of the image with its registry: -t registry.example.com/" + given)
	case c.Pin != "" && !c.Push && c.Output == "":
		return ref, errors.New("--pin names what a registry has, so it goes with --push or --output (an engine knows no such digest of what it loads)")
	}
	return ref, nil
}

// platforms are those of --platform, or what is usual for where it goes.
func (c *imageCmd) platforms(a *app, to *destination) (all []oci.Platform, err error) {
	names := c.Platform
	switch {
	case len(names) > 1 && c.Load:
		return nil, usage(errors.New("--load takes one platform: an engine is given what it runs"))
	case len(names) == 0 && c.Load:
		p, err := to.engine.Platform(a.ctx)
		if err != nil {
			return nil, environment(fmt.Errorf("%w; --output FILE writes the image without an engine", err))
		}
		return []oci.Platform{p}, nil
	case len(names) == 0:
		names = []string{"linux/amd64", "linux/arm64"}
	}
	seen := map[oci.Platform]bool{}
	for _, n := range names {
		p, err := oci.ParsePlatform(n)
		if err != nil {
			return nil, usage(err)
		}
		if !seen[p] {
			seen[p], all = true, append(all, p)
		}
	}
	return all, nil
}

// image makes the image, on its base; base is what that is, with its digest.
func (c *imageCmd) image(a *app, r *driver.Result, platforms []oci.Platform) (image *oci.Image, base string, err error) {
	spec := imageSpec(r)
	if c.Base != "" {
		var wrong *live.NameError
		switch spec.Base, err = live.Base(a.ctx, c.Base, platforms); {
		case errors.As(err, &wrong):
			return nil, "", usage(fmt.Errorf("--base: %w", err))
		case err != nil:
			return nil, "", environment(err)
		}
		base = spec.Base.Reference + " " + spec.Base.Digest.String()
	}
	var apart []driver.Reference
	if c.deployed {
		apart = ownImages(r)
	}
	for _, p := range platforms {
		files, err := a.componentFiles(r, p, c.Base != "", apart...)
		if err != nil {
			return nil, "", err
		}
		program, err := a.program(r, p, build.Request{Zones: true})
		if failed, ok := errors.AsType[*exitError](err); ok && failed.code == exitBuild && r.Program.Module != nil {
			return nil, "", buildFailed(fmt.Errorf("%s: %w\nwhere your Go is not for all platforms, --platform names those that it is for", p, err))
		}
		if err != nil {
			return nil, "", err
		}
		program.Files = files
		spec.Programs = append(spec.Programs, program)
	}
	if image, err = oci.New(spec); err != nil {
		return nil, "", environment(err) // what can't be read is the base
	}
	return image, base, nil
}
