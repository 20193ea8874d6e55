package oci

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The files of a component's image: its program, and what it says of itself.
const (
	ComponentFile  = "/component"
	DescriptorFile = "/metadata.json"
)

// A ComponentSpec is what the image of a component is made of.
type ComponentSpec struct {
	// Name, Version and License are what its labels say; a licence need not be known.
	Name, Version, License string
	// Descriptor is its metadata.json.
	Descriptor []byte
	// Programs are its programs, one a platform, in the order of the index.
	Programs []Program
}

// NewComponent makes the image of a component, which is run by engines as well as by flowc.
// The same spec gives the same bytes. The descriptor lies in a layer of its own, which all
// platforms share, so that it can be read without the programs.
func NewComponent(s ComponentSpec) (*Image, error) {
	if len(s.Programs) == 0 {
		return nil, errors.New("a component of no program")
	}
	if !json.Valid(s.Descriptor) {
		return nil, errors.New("its descriptor is no JSON")
	}
	below, err := newLayer(ground(false))
	if err != nil {
		return nil, err
	}
	says, err := newLayer([]file{{name: DescriptorFile[1:], mode: 0o644, data: s.Descriptor}})
	if err != nil {
		return nil, err
	}
	i := &Image{}
	for _, p := range s.Programs {
		program, err := newLayer([]file{{name: ComponentFile[1:], mode: 0o755, data: p.Binary}})
		if err != nil {
			return nil, err
		}
		part, err := s.part(p, below, program, says)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Platform, err)
		}
		i.Parts = append(i.Parts, *part)
	}
	return i, i.join(s.labels())
}

// labels say what is in the image.
func (s ComponentSpec) labels() map[string]string {
	l := map[string]string{
		"org.opencontainers.image.title":   s.Name,
		"org.opencontainers.image.version": s.Version,
		"dev.flowc.component":              s.Name,
	}
	if s.License != "" {
		l["org.opencontainers.image.licenses"] = s.License
	}
	return l
}

// part makes the image of one platform.
func (s ComponentSpec) part(p Program, layers ...v1.Layer) (*Part, error) {
	var adds []mutate.Addendum
	for _, l := range layers {
		adds = append(adds, mutate.Addendum{Layer: l, MediaType: types.OCILayer})
	}
	image, err := mutate.Append(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), adds...)
	if err != nil {
		return nil, err
	}
	stack, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	d := p.Platform.Descriptor()
	c := &v1.ConfigFile{RootFS: stack.RootFS, OS: d.OS, Architecture: d.Architecture, Variant: d.Variant, Created: v1.Time{Time: epoch}}
	for _, by := range []string{"flowc: certificates and folders", "flowc: " + s.Name, "flowc: its descriptor"} {
		c.History = append(c.History, v1.History{Created: v1.Time{Time: epoch}, CreatedBy: by})
	}
	c.Config.User = strconv.Itoa(User) + ":" + strconv.Itoa(User)
	c.Config.WorkingDir = Folder
	c.Config.Entrypoint = []string{ComponentFile}
	c.Config.StopSignal = "SIGTERM"
	c.Config.Labels = s.labels()
	if image, err = mutate.ConfigFile(image, c); err != nil {
		return nil, err
	}
	image = mutate.Annotations(image, s.labels()).(v1.Image) //nolint:forcetypeassert // it returns what it gets
	return measured(&Part{Platform: p.Platform, Image: image, Binary: int64(len(p.Binary))})
}
