// Package oci makes container images and software bills of materials of built
// programs: bytes in, bytes out, with no engine, no Dockerfile, no clock and no
// network. What talks to registries and engines is in live.
package oci

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A Spec is what an image is made of.
type Spec struct {
	// Pipeline is the pipeline's name, Hash the pipeline hash and Version that of
	// flowc, "" for an unstamped one.
	Pipeline, Hash, Version string
	// Programs are the built programs, one a platform, in the order of the index.
	Programs []Program
	// Base is what the programs lie on, nil for nothing.
	Base *Base
	// Folders are those, besides [Folder], that the program writes to: absolute and
	// clean. The image has them as the program's own, since an engine gives an empty
	// volume the owner of the folder that it is mounted at.
	Folders []string
}

// A Program is a binary for a platform.
type Program struct {
	Platform Platform
	Binary   []byte
	// Files are what the program starts, in [ComponentDir].
	Files []File
}

// A File is a program of a component, with its path in the image, and where it comes from.
type File struct {
	Path   string
	Data   []byte
	Origin Origin
}

// ComponentDir is the folder of the files of components, which the variable
// componentVariable names to the program.
const (
	ComponentDir      = "/components"
	componentVariable = "FLOWC_COMPONENTS"
)

// A Base is an image of the user's below the programs.
type Base struct {
	// Reference is its name, Digest that of what the name meant.
	Reference string
	Digest    v1.Hash
	// Images has one for each platform.
	Images map[Platform]v1.Image
}

// An Image is one image, for one platform or several.
type Image struct {
	// Digest identifies all of it.
	Digest v1.Hash
	// Index lists the parts; nil where there is one, which then is the image.
	Index v1.ImageIndex
	Parts []Part
}

// A Part is the image of one platform.
type Part struct {
	Platform Platform
	Image    v1.Image
	// Digest is that of its manifest; ID that of its configuration, by which
	// engines know an image that was loaded.
	Digest, ID v1.Hash
	// Compressed is what a registry stores, the base's layers included, Binary the
	// size of the program, in bytes.
	Compressed, Binary int64
	// SBOM is the bill of materials that it holds, in JSON.
	SBOM []byte
}

// Entry is the program in an image, SBOMFile its bill of materials.
const (
	Entry    = "/app"
	SBOMFile = "/usr/share/sbom/app.cdx.json"
)

// New makes an image. The same spec gives the same bytes. An error is about a
// binary that is none, or a base that can't be read.
func New(s Spec) (*Image, error) {
	if len(s.Programs) == 0 {
		return nil, errors.New("an image of no program")
	}
	ground, err := newLayer(withFolders(ground(s.Base != nil), s.Folders))
	if err != nil {
		return nil, err
	}
	i := &Image{}
	for _, p := range s.Programs {
		part, err := s.part(ground, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Platform, err)
		}
		i.Parts = append(i.Parts, *part)
	}
	if len(i.Parts) == 1 {
		i.Digest = i.Parts[0].Digest
		return i, nil
	}
	return i, i.join(s.labels())
}

// join makes one image of those of several platforms.
func (i *Image) join(labels map[string]string) (err error) {
	i.Index = mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range i.Parts {
		platform := p.Platform.Descriptor()
		i.Index = mutate.AppendManifests(i.Index, mutate.IndexAddendum{Add: p.Image, Descriptor: v1.Descriptor{Platform: &platform}})
	}
	i.Index = mutate.Annotations(i.Index, labels).(v1.ImageIndex) //nolint:forcetypeassert // it returns what it gets
	i.Digest, err = i.Index.Digest()
	return err
}

// labels say what is in the image: on its configuration, where engines show
// them, and on its manifests, where registries do.
func (s Spec) labels() map[string]string {
	version := s.Version
	if version == "" {
		version = "devel"
	}
	l := map[string]string{
		"org.opencontainers.image.title":    s.Pipeline,
		"org.opencontainers.image.version":  s.Hash,
		"org.opencontainers.image.revision": s.Hash,
		"dev.flowc.pipeline":                s.Pipeline,
		"dev.flowc.hash":                    s.Hash,
		"dev.flowc.version":                 version,
		"dev.flowc.sbom":                    SBOMFile,
	}
	if s.Base != nil {
		l["org.opencontainers.image.base.name"] = s.Base.Reference
		l["org.opencontainers.image.base.digest"] = s.Base.Digest.String()
	}
	return l
}

// part makes the image of one platform.
func (s Spec) part(ground *layer, p Program) (*Part, error) {
	sbom, err := s.SBOM(p, true)
	if err != nil {
		return nil, err
	}
	files := []file{{name: Entry[1:], mode: 0o755, data: p.Binary}, {name: SBOMFile[1:], mode: 0o644, data: sbom}}
	top, err := newLayer(append(files, components(p.Files)...))
	if err != nil {
		return nil, err
	}
	var base v1.Image
	if s.Base != nil {
		if base = s.Base.Images[p.Platform]; base == nil {
			return nil, fmt.Errorf("the base %s has no such platform", s.Base.Reference)
		}
	}
	image, err := s.stacked(base, p, ground, top)
	if err != nil {
		return nil, err
	}
	image = mutate.Annotations(image, s.labels()).(v1.Image) //nolint:forcetypeassert // it returns what it gets
	return measured(&Part{Platform: p.Platform, Image: image, Binary: int64(len(p.Binary)), SBOM: sbom})
}

// components are the entries of the files of components, and of the folders that they are in.
func components(files []File) (all []file) {
	folders := map[string]bool{}
	for _, f := range files {
		name := strings.TrimPrefix(f.Path, "/")
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if !folders[dir] {
				folders[dir], all = true, append(all, file{name: dir + "/", mode: 0o755})
			}
		}
		all = append(all, file{name: name, mode: 0o755, data: f.Data})
	}
	return all
}

// stacked is the base's layers, if there is one, with ours on them. All is of
// OCI's types, as the index is: a base in Docker's has the same bytes by another
// name.
func (s Spec) stacked(base v1.Image, p Program, ours ...v1.Layer) (v1.Image, error) {
	config := &v1.ConfigFile{}
	var adds []mutate.Addendum
	if base != nil {
		below, err := base.ConfigFile()
		if err != nil {
			return nil, err
		}
		config = below.DeepCopy()
		layers, err := base.Layers()
		if err != nil {
			return nil, err
		}
		for _, l := range layers {
			kind, err := l.MediaType()
			if err != nil {
				return nil, err
			}
			adds = append(adds, mutate.Addendum{Layer: l, MediaType: asOCI(kind)})
		}
	}
	for _, l := range ours {
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
	config.RootFS = stack.RootFS
	s.configure(config, p.Platform)
	if len(p.Files) > 0 {
		config.Config.Env = append(config.Config.Env, componentVariable+"="+ComponentDir)
	}
	return mutate.ConfigFile(image, config)
}

// asOCI is the name of a layer's type in OCI's words.
func asOCI(kind types.MediaType) types.MediaType {
	switch kind {
	case types.DockerLayer:
		return types.OCILayer
	case types.DockerUncompressedLayer:
		return types.OCIUncompressedLayer
	case types.DockerForeignLayer:
		return types.OCIRestrictedLayer
	}
	return kind
}

// configure sets how the image is run. What a base says of it otherwise (its
// variables, its ports and volumes) stays.
func (s Spec) configure(c *v1.ConfigFile, p Platform) {
	d := p.Descriptor()
	c.OS, c.Architecture, c.Variant = d.OS, d.Architecture, d.Variant
	c.Created, c.Author, c.Container = v1.Time{Time: epoch}, "", ""
	for _, by := range []string{"flowc: certificates and folders", "flowc: " + s.Pipeline + " " + s.Hash} {
		c.History = append(c.History, v1.History{Created: v1.Time{Time: epoch}, CreatedBy: by})
	}
	c.Config.User = strconv.Itoa(User) + ":" + strconv.Itoa(User)
	c.Config.WorkingDir = Folder
	c.Config.Entrypoint, c.Config.Cmd = []string{Entry}, nil
	c.Config.StopSignal = "SIGTERM" // which drains
	c.Config.Healthcheck = nil      // a base's is about something else
	if c.Config.Labels == nil {
		c.Config.Labels = map[string]string{}
	}
	maps.Copy(c.Config.Labels, s.labels())
}

// measured gives a part its digests and its size.
func measured(p *Part) (*Part, error) {
	m, err := p.Image.Manifest()
	if err != nil {
		return nil, err
	}
	for _, l := range m.Layers {
		p.Compressed += l.Size
	}
	p.Compressed += m.Config.Size
	p.ID = m.Config.Digest
	p.Digest, err = p.Image.Digest()
	return p, err
}
