package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/flowc-dev/flowc/backends/deploy"
	"github.com/flowc-dev/flowc/backends/oci"
	"github.com/flowc-dev/flowc/backends/oci/live"
	"github.com/flowc-dev/flowc/compiler/driver"
)

// image builds the image of a pipeline and says by which name it is run: one that has
// its digest, so that it always means this image.
func (c *applyCmd) image(a *app, t *deployTarget, e deploy.Engine, r *driver.Result) (name string, loaded bool, deliver func(context.Context) error, err error) {
	if t.runsImage != nil && !t.runsImage(r) {
		if c.Image != "" || c.Push || c.Platform != nil {
			return "", false, nil, usage(fmt.Errorf("%s runs %s without an image: leave out --image, --push and --platform", t.name, r.Program.Name))
		}
		if programs, ok := e.(programEngine); ok {
			name, deliver, err = a.programFor(programs, r)
			return name, false, deliver, err
		}
		return "", false, nil, nil
	}
	given := c.Image
	if given == "" {
		given = imageOption(r, t.name)
	}
	if strings.Contains(given, "@") {
		return given, false, nil, nil
	}
	hash := layout(r.Program).Hash
	loader, loads := e.(interface {
		Platform(context.Context) (oci.Platform, error)
		Load(context.Context, *oci.Image, oci.Reference) error
		Has(context.Context, string) (bool, error)
	})
	making := &imageCmd{Base: c.Base, Platform: c.Platform, deployed: true}
	if c.Push || !loads {
		if given == "" {
			return "", false, nil, usage(fmt.Errorf("%s takes the image from a registry: --image registry.example.com/%s, or image in its options, says where, and it is pushed there", t.name, r.Program.Name))
		}
		ref, err := oci.ParseReference(given, hash)
		if err != nil {
			return "", false, nil, usage(err)
		}
		platforms, err := making.platforms(a, nil)
		if err != nil {
			return "", false, nil, err
		}
		image, _, err := making.image(a, r, platforms)
		if err != nil {
			return "", false, nil, err
		}
		return ref.Pinned(image.Digest), false, func(ctx context.Context) error {
			_, err := live.Push(ctx, ref, image)
			return err
		}, nil
	}
	if c.Platform != nil {
		return "", false, nil, usage(errors.New("--platform is for images that are pushed (--push): an engine is given what it runs"))
	}
	platform, err := loader.Platform(a.ctx)
	if err != nil {
		return "", false, nil, environment(err)
	}
	image, _, err := making.image(a, r, []oci.Platform{platform})
	if err != nil {
		return "", false, nil, err
	}
	if given == "" {
		given = r.Program.Name
	}
	ref, err := oci.ParseReference(given, hash)
	if err == nil {
		ref, err = ref.WithTag(live.Tag(hash, image.Digest.String()))
	}
	if err != nil {
		return "", false, nil, usage(err)
	}
	if has, err := loader.Has(a.ctx, ref.String()); err != nil {
		return "", false, nil, environment(err)
	} else if has {
		return ref.String(), true, nil, nil
	}
	return ref.String(), true, func(ctx context.Context) error { return loader.Load(ctx, image, ref) }, nil
}
