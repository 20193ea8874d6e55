package oci

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A file is an entry of a layer; a folder's name ends with a slash.
type file struct {
	name  string
	mode  int64
	owner int
	data  []byte
}

// epoch is the time of all that an image holds. Nothing in it has a date, so that
// the same pipeline is the same image tomorrow.
var epoch = time.Unix(0, 0).UTC()

// A layer is files, compressed once and held: they are few and small, and
// pushing asks for them several times.
type layer struct {
	compressed     []byte
	digest, diffID v1.Hash
}

// newLayer makes a layer of files, in the order of their names.
func newLayer(files []file) (*layer, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b file) int { return cmp.Compare(a.name, b.name) })
	var plain, compressed bytes.Buffer
	w := tar.NewWriter(&plain)
	for _, f := range files {
		kind := byte(tar.TypeReg)
		if f.name[len(f.name)-1] == '/' {
			kind = tar.TypeDir
		}
		h := &tar.Header{Typeflag: kind, Name: f.name, Mode: f.mode, Uid: f.owner, Gid: f.owner, Size: int64(len(f.data)), ModTime: epoch, Format: tar.FormatUSTAR}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	z := gzip.NewWriter(&compressed) // its header has no name and no time
	if _, err := z.Write(plain.Bytes()); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return &layer{compressed.Bytes(), hashOf(compressed.Bytes()), hashOf(plain.Bytes())}, nil
}

func hashOf(data []byte) v1.Hash {
	sum := sha256.Sum256(data)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

// Digest is that of the compressed bytes.
func (l *layer) Digest() (v1.Hash, error) { return l.digest, nil }

// DiffID is the digest of the tar.
func (l *layer) DiffID() (v1.Hash, error) { return l.diffID, nil }

// Compressed is what registries keep.
func (l *layer) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(l.compressed)), nil
}

// Uncompressed is the tar.
func (l *layer) Uncompressed() (io.ReadCloser, error) {
	return gzip.NewReader(bytes.NewReader(l.compressed))
}

// Size is that of the compressed bytes.
func (l *layer) Size() (int64, error) { return int64(len(l.compressed)), nil }

// MediaType is that of a compressed layer.
func (l *layer) MediaType() (types.MediaType, error) { return types.OCILayer, nil }
