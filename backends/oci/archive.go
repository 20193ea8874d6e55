package oci

import (
	"archive/tar"
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A blob is a file of an archive.
type blob struct {
	name string
	size int64
	open func() (io.ReadCloser, error)
}

// bytesBlob is a file that is in memory.
func bytesBlob(name string, data []byte) blob {
	return blob{name, int64(len(data)), func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

// Archive writes the image as a tar with the layout of OCI in it. Where it has
// one platform there is Docker's list beside it, so that every engine can load
// it; a list for several that every engine understands does not exist.
func (i *Image) Archive(w io.Writer, ref Reference) error {
	top := v1.Descriptor{MediaType: types.OCIImageIndex, Digest: i.Digest}
	blobs := []blob{bytesBlob("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`))}
	if i.Index != nil {
		raw, err := i.Index.RawManifest()
		if err != nil {
			return err
		}
		top.Size = int64(len(raw))
		blobs = append(blobs, bytesBlob(blobName(i.Digest), raw))
	}
	for _, p := range i.Parts {
		more, size, err := p.blobs()
		if err != nil {
			return err
		}
		blobs = append(blobs, more...)
		if i.Index == nil {
			platform := p.Platform.Descriptor()
			top.MediaType, top.Size, top.Platform = types.OCIManifestSchema1, size, &platform
			list, err := p.dockerList(ref)
			if err != nil {
				return err
			}
			blobs = append(blobs, bytesBlob("manifest.json", list))
		}
	}
	top.Annotations = map[string]string{
		"org.opencontainers.image.ref.name": ref.Tag.TagStr(), // for skopeo and podman
		"io.containerd.image.name":          canonical(ref),   // for containerd, and Docker with its store
	}
	index, err := json.Marshal(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{top}})
	if err != nil {
		return err
	}
	return writeTar(w, append(blobs, bytesBlob("index.json", index)))
}

func blobName(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

// canonical is the reference as engines keep it: Docker Hub is called docker.io.
func canonical(ref Reference) string {
	host := ref.Registry()
	if host == "index.docker.io" {
		host = "docker.io"
	}
	return host + "/" + ref.Tag.RepositoryStr() + ":" + ref.Tag.TagStr()
}

// blobs are the files of a part, and the size of its manifest.
func (p Part) blobs() ([]blob, int64, error) {
	manifest, err := p.Image.RawManifest()
	if err != nil {
		return nil, 0, err
	}
	config, err := p.Image.RawConfigFile()
	if err != nil {
		return nil, 0, err
	}
	out := []blob{bytesBlob(blobName(p.Digest), manifest), bytesBlob(blobName(p.ID), config)}
	layers, err := p.Image.Layers()
	if err != nil {
		return nil, 0, err
	}
	for _, l := range layers {
		d, err := partial.Descriptor(l)
		if err != nil {
			return nil, 0, err
		}
		out = append(out, blob{blobName(d.Digest), d.Size, l.Compressed})
	}
	return out, int64(len(manifest)), nil
}

// dockerList is the manifest.json that `docker load` has always read.
func (p Part) dockerList(ref Reference) ([]byte, error) {
	m, err := p.Image.Manifest()
	if err != nil {
		return nil, err
	}
	entry := struct {
		Config   string
		RepoTags []string
		Layers   []string
	}{blobName(p.ID), []string{ref.String()}, nil}
	for _, l := range m.Layers {
		entry.Layers = append(entry.Layers, blobName(l.Digest))
	}
	return json.Marshal([]any{entry})
}

// writeTar writes files in the order of their names, each once: the parts have
// layers in common.
func writeTar(w io.Writer, blobs []blob) error {
	slices.SortStableFunc(blobs, func(a, b blob) int { return cmp.Compare(a.name, b.name) })
	blobs = slices.CompactFunc(blobs, func(a, b blob) bool { return a.name == b.name })
	t := tar.NewWriter(w)
	for _, dir := range []string{"blobs/", "blobs/sha256/"} {
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755, ModTime: epoch, Format: tar.FormatUSTAR}); err != nil {
			return err
		}
	}
	for _, b := range blobs {
		// GNU's form, for a layer of a base may have more than USTAR's 8 GB.
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: b.name, Mode: 0o644, Size: b.size, ModTime: epoch, Format: tar.FormatGNU}); err != nil {
			return err
		}
		r, err := b.open()
		if err != nil {
			return err
		}
		_, err = io.Copy(t, r)
		if cerr := r.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return err
		}
	}
	return t.Close()
}
