package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/flowc-dev/flowc/backends/oci"
)

// A Component is what a reference of a component means at the moment.
type Component struct {
	// Image is its repository with the digest.
	Image string
	// Platforms are the digests of its parts, by linux/amd64.
	Platforms map[string]string
	// Descriptor is its metadata.json, nil for one that has none.
	Descriptor []byte
	// Apart are the platforms whose metadata.json says something else than Descriptor.
	Apart []string
}

// FindComponent asks a registry what a tag or a digest of a repository means, and reads the
// component's descriptor.
func FindComponent(ctx context.Context, repository, tag, digest string) (*Component, error) {
	written := repository + ":" + tag
	if digest != "" {
		written = repository + "@" + digest
	}
	ref, err := name.ParseReference(written)
	if err != nil {
		return nil, &NameError{err}
	}
	o := options(ctx)
	what := "get the component " + written + " from"
	desc, err := remote.Get(ref, o...)
	if NotFound(err) && tag != "" {
		return nil, &MissingError{Repository: ref.Context().RepositoryStr(), Registry: ref.Context().RegistryStr(), Tag: tag, Tags: tagsOf(ref.Context(), o), Err: err}
	}
	if err != nil {
		return nil, componentError(ref, what, err)
	}
	c := &Component{Image: repository + "@" + desc.Digest.String(), Platforms: map[string]string{}}
	switch {
	case desc.MediaType.IsIndex():
		index, err := desc.ImageIndex()
		if err != nil {
			return nil, componentError(ref, what, err)
		}
		m, err := index.IndexManifest()
		if err != nil {
			return nil, fmt.Errorf("the component %s: %w", written, err)
		}
		c.parts(m)
	case desc.MediaType.IsImage():
		image, err := desc.Image()
		if err != nil {
			return nil, componentError(ref, what, err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			return nil, componentError(ref, what, err)
		}
		if config.OS != "" && config.Architecture != "" {
			c.Platforms[config.OS+"/"+config.Architecture] = desc.Digest.String()
		}
	default:
		return nil, fmt.Errorf("%s is no component: a %s, and components are images with %s in them", written, desc.MediaType, oci.ComponentFile)
	}
	if len(c.Platforms) == 0 {
		return nil, fmt.Errorf("%s is no component: it says of no platform that it is for it", written)
	}
	if err := c.describe(ref, what, o); err != nil {
		return nil, err
	}
	return c, nil
}

// A MissingError is a tag that a registry has not.
type MissingError struct {
	Registry, Repository, Tag string
	// Tags are those that it has of the repository, as far as it says so.
	Tags []string
	Err  error
}

// Error says which tags there are, the last ones first.
func (e *MissingError) Error() string {
	if len(e.Tags) == 0 {
		return fmt.Sprintf("the registry %s has no component %s, or shows it to others only", e.Registry, e.Repository)
	}
	const most = 8
	shown := strings.Join(e.Tags[:min(most, len(e.Tags))], ", ")
	if more := len(e.Tags) - most; more > 0 {
		shown += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("the registry %s has %s, and no %s of it: there are %s", e.Registry, e.Repository, e.Tag, shown)
}

// Unwrap returns what the registry said.
func (e *MissingError) Unwrap() error { return e.Err }

// tagsOf are the tags of a repository, the last by their names first; none where nobody says
// which there are.
func tagsOf(repository name.Repository, o []remote.Option) []string {
	all, err := remote.List(repository, o...)
	if err != nil {
		return nil
	}
	slices.Sort(all)
	slices.Reverse(all)
	return all
}

// Meant is the digest of what a name means in its registry, "" where it means nothing, or
// nobody can tell.
func Meant(ctx context.Context, ref oci.Reference) string {
	d, err := remote.Head(ref.Tag, options(ctx)...)
	if err != nil {
		return ""
	}
	return d.Digest.String()
}

// parts are those of an index, one a platform: of variants the one that Go's programs are for.
func (c *Component) parts(m *v1.IndexManifest) {
	for _, d := range m.Manifests {
		if d.Platform == nil || d.Platform.OS == "" || d.Platform.OS == "unknown" || !d.MediaType.IsImage() {
			continue // what else buildx keeps there
		}
		p := oci.Platform{OS: d.Platform.OS, Arch: d.Platform.Architecture}
		if _, there := c.Platforms[p.String()]; !there || fits(*d.Platform, p) {
			c.Platforms[p.String()] = d.Digest.String()
		}
	}
}

// smallLayer is how large a layer may be, in bytes, to be fetched for a comparison.
const smallLayer = 4 << 20

// describe reads the descriptor, and compares those of the platforms as far as that costs
// little.
func (c *Component) describe(ref name.Reference, what string, o []remote.Option) error {
	first, seen := true, map[v1.Hash]bool{}
	for _, platform := range slices.Sorted(maps.Keys(c.Platforms)) {
		layers, err := layersOfPart(ref.Context(), c.Platforms[platform], o)
		if err != nil {
			return componentError(ref, what, err)
		}
		if !first {
			layers = slices.DeleteFunc(layers, func(l v1.Layer) bool {
				size, err := l.Size()
				return err != nil || size > smallLayer
			})
			if same(layers, seen) {
				continue
			}
		}
		text, err := extract(oci.DescriptorFile, oci.MaxDescriptor, layers)
		switch {
		case errors.Is(err, oci.ErrNoFile):
		case err != nil:
			return componentError(ref, what, err)
		case first:
			c.Descriptor = text
		case string(text) != string(c.Descriptor):
			c.Apart = append(c.Apart, platform)
		}
		if first && len(layers) > 0 {
			top, err := layers[len(layers)-1].Digest()
			if err != nil {
				return componentError(ref, what, err)
			}
			seen[top] = true
		}
		first = false
	}
	return nil
}

// same tells that the topmost layer is one that was read.
func same(layers []v1.Layer, seen map[v1.Hash]bool) bool {
	if len(layers) == 0 {
		return true
	}
	top, err := layers[len(layers)-1].Digest()
	return err == nil && seen[top]
}

// ComponentProgram fetches the program of a component for a platform: the part of a
// repository with a digest. What comes is what the digests mean, or an error.
func ComponentProgram(ctx context.Context, repository, part string) ([]byte, error) {
	ref, err := name.NewDigest(repository + "@" + part)
	if err != nil {
		return nil, &NameError{err}
	}
	what := "get the program of " + repository + " from"
	layers, err := layersOfPart(ref.Context(), part, options(ctx))
	if err != nil {
		return nil, componentError(ref, what, err)
	}
	program, err := extract(oci.ComponentFile, oci.MaxComponent, layers)
	switch {
	case errors.Is(err, oci.ErrNoFile):
		return nil, fmt.Errorf("%s@%s is no component: it has no %s. Where it is an image that runs by itself, name it so: `image: %s@%s`", repository, part, oci.ComponentFile, repository, part)
	case err != nil:
		return nil, componentError(ref, what, err)
	}
	return program, nil
}

func layersOfPart(repository name.Repository, part string, o []remote.Option) ([]v1.Layer, error) {
	image, err := remote.Image(repository.Digest(part), o...)
	if err != nil {
		return nil, err
	}
	return image.Layers()
}

func extract(file string, limit int64, layers []v1.Layer) ([]byte, error) {
	return oci.Extract(file, limit, len(layers), func(i int) (io.ReadCloser, error) { return layers[i].Compressed() })
}

// componentError says what could not be done; content that its digest does not mean is told
// apart from a registry that is away.
func componentError(ref name.Reference, what string, err error) error {
	if text := err.Error(); strings.Contains(text, "error verifying") || strings.Contains(text, "does not match expected size") || strings.Contains(text, "does not match requested digest") || strings.Contains(text, "manifest digest") {
		return fmt.Errorf("can't %s %s: what it sends is not what the digest means (%w)\nsomething between here and there changed it: it is not used", what, ref.Context().RegistryStr(), err)
	}
	return registryError(ref.Context().RegistryStr(), what, err)
}
