// Package live is what talks for package oci: to registries, and to container
// engines.
package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/flowc-dev/flowc/backends/oci"
)

// options are those of every request: who asks is what Docker's configuration
// says for the host.
func options(ctx context.Context) []remote.Option {
	return []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithUserAgent("flowc"), remote.WithReferrersTagFallback(false)}
}

// Push uploads the image under its name, and then its bills of materials, each
// referring to its part. attached is nil where the registry keeps those too, else
// why it does not: they are in the image in any case.
func Push(ctx context.Context, ref oci.Reference, image *oci.Image) (attached, err error) {
	o := options(ctx)
	if err := upload(ref, image, o); err != nil {
		return nil, err
	}
	for _, p := range image.Parts {
		if err := attach(ref.Tag.Context(), p, o); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return err, nil // it is said, and is no failure: the image is there
		}
	}
	return nil, nil
}

// PushComponent uploads the image of a component under its name.
func PushComponent(ctx context.Context, ref oci.Reference, image *oci.Image) error {
	return upload(ref, image, options(ctx))
}

// upload uploads an image, for one platform or several.
func upload(ref oci.Reference, image *oci.Image, o []remote.Option) (err error) {
	if image.Index != nil {
		err = remote.WriteIndex(ref.Tag, image.Index, o...)
	} else {
		err = remote.Write(ref.Tag, image.Parts[0].Image, o...)
	}
	if err != nil {
		return registryError(ref.Registry(), "push to", err)
	}
	return nil
}

// attach uploads the bill of materials of a part.
func attach(repository name.Repository, p oci.Part, o []remote.Option) error {
	a, err := p.Attachment()
	if err != nil {
		return err
	}
	for _, b := range a.Blobs {
		if err := remote.WriteLayer(repository, b, o...); err != nil {
			return err
		}
	}
	return remote.Put(repository.Digest(a.Digest.String()), a, o...)
}

// Base fetches what a base consists of, for each platform; its layers are fetched
// when they are needed. An error about the base itself names what it has.
func Base(ctx context.Context, reference string, platforms []oci.Platform) (*oci.Base, error) {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return nil, &NameError{err}
	}
	desc, err := remote.Get(ref, options(ctx)...)
	if err != nil {
		return nil, registryError(ref.Context().RegistryStr(), "get the base "+reference+" from", err)
	}
	base := &oci.Base{Reference: reference, Digest: desc.Digest, Images: map[oci.Platform]v1.Image{}}
	var find func(oci.Platform) (v1.Image, error) // nil for none
	var has []string
	switch {
	case desc.MediaType.IsIndex():
		index, err := desc.ImageIndex()
		if err != nil {
			return nil, registryError(ref.Context().RegistryStr(), "get the base "+reference+" from", err)
		}
		m, err := index.IndexManifest()
		if err != nil {
			return nil, fmt.Errorf("the base %s: %w", reference, err)
		}
		for _, d := range m.Manifests {
			if d.Platform != nil && d.Platform.OS != "unknown" { // what else buildx keeps there
				has = append(has, d.Platform.String())
			}
		}
		find = func(p oci.Platform) (v1.Image, error) {
			for _, d := range m.Manifests {
				if d.Platform != nil && fits(*d.Platform, p) {
					return index.Image(d.Digest)
				}
			}
			return nil, nil
		}
	case desc.MediaType.IsImage():
		image, err := desc.Image()
		if err != nil {
			return nil, registryError(ref.Context().RegistryStr(), "get the base "+reference+" from", err)
		}
		c, err := image.ConfigFile()
		if err != nil {
			return nil, fmt.Errorf("the base %s: %w", reference, err)
		}
		has = []string{c.OS + "/" + c.Architecture}
		find = func(p oci.Platform) (v1.Image, error) {
			if fits(v1.Platform{OS: c.OS, Architecture: c.Architecture, Variant: c.Variant}, p) {
				return image, nil
			}
			return nil, nil
		}
	default:
		return nil, fmt.Errorf("%s is no image: a %s", reference, desc.MediaType)
	}
	for _, p := range platforms {
		image, err := find(p)
		if err != nil {
			return nil, registryError(ref.Context().RegistryStr(), "get the base "+reference+" from", err)
		}
		if image == nil {
			return nil, fmt.Errorf("the base %s is not there for %s, only for %v: name the platforms that it has with --platform", reference, p, has)
		}
		base.Images[p] = image
	}
	return base, nil
}

// fits tells that what an image is for is the platform.
func fits(has v1.Platform, p oci.Platform) bool {
	want := p.Descriptor()
	return has.OS == want.OS && has.Architecture == want.Architecture && (want.Variant == "" || has.Variant == "" || has.Variant == want.Variant)
}

// A NameError is a name that is none.
type NameError struct{ Err error }

// Error says what is wrong with it.
func (e *NameError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *NameError) Unwrap() error { return e.Err }

// registryError says what could not be done, and what to do where it is clear.
func registryError(host, what string, err error) error {
	var said *transport.Error
	if errors.As(err, &said) {
		switch said.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			return fmt.Errorf("can't %s %s: it refuses (%w)\n`docker login %s` stores who you are where flowc reads it: in Docker's config.json (DOCKER_CONFIG names its folder)", what, host, err, host)
		case http.StatusNotFound:
			return fmt.Errorf("can't %s %s: there is no such thing (%w)", what, host, err)
		}
	}
	return fmt.Errorf("can't %s %s: %w", what, host, err)
}

// NotFound tells that a registry answered that it has no such thing.
func NotFound(err error) bool {
	var said *transport.Error
	return errors.As(err, &said) && said.StatusCode == http.StatusNotFound
}
