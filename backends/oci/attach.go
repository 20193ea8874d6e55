package oci

import (
	"encoding/json"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The types of an artifact that is a bill of materials.
const (
	sbomType  types.MediaType = "application/vnd.cyclonedx+json"
	emptyType types.MediaType = "application/vnd.oci.empty.v1+json"
)

// An Attachment is a part's bill of materials as an artifact of a registry, which
// refers to the part.
type Attachment struct {
	// Blobs are what it is made of.
	Blobs []v1.Layer
	// Digest is that of its manifest.
	Digest   v1.Hash
	manifest []byte
}

// RawManifest is the manifest's text.
func (a *Attachment) RawManifest() ([]byte, error) { return a.manifest, nil }

// MediaType is that of the manifest.
func (a *Attachment) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// Attachment is the bill of materials that refers to the part.
func (p Part) Attachment() (*Attachment, error) {
	image, err := p.Image.RawManifest()
	if err != nil {
		return nil, err
	}
	nothing := []byte("{}")
	manifest := v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: string(sbomType),
		Config:  v1.Descriptor{MediaType: emptyType, Digest: hashOf(nothing), Size: int64(len(nothing))},
		Layers:  []v1.Descriptor{{MediaType: sbomType, Digest: hashOf(p.SBOM), Size: int64(len(p.SBOM))}},
		Subject: &v1.Descriptor{MediaType: types.OCIManifestSchema1, Digest: p.Digest, Size: int64(len(image))},
	}
	a := &Attachment{Blobs: []v1.Layer{static.NewLayer(nothing, emptyType), static.NewLayer(p.SBOM, sbomType)}}
	if a.manifest, err = json.Marshal(manifest); err != nil {
		return nil, err
	}
	a.Digest = hashOf(a.manifest)
	return a, nil
}
