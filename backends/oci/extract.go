package oci

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// maxLayer is how much is read of a layer: what unpacks to more is none of a component.
const maxLayer = 8 << 30

// A bounded reader fails where a [io.LimitedReader] would end.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("it unpacks to more than %d bytes", int64(maxLayer))
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	return n, err
}

// How much a component may be, in bytes.
const (
	MaxComponent  = 1 << 30
	MaxDescriptor = 1 << 20
)

// A foundFile is what the layers of an image have at a path.
type foundFile struct {
	data []byte
	// link is where it points instead, "" for a file.
	link string
	// gone tells that a layer removes what those below it have.
	gone bool
}

// ErrNoFile is the error for a path at which an image has nothing.
var ErrNoFile = errors.New("there is no such file")

// Extract reads the file at a path from an image's layers (compressed or not), the topmost
// first. layer is called until the file is found; it is nil at the end. A link is followed
// within the image. Entries that point out of the image are an error: nobody who means well
// makes them.
func Extract(name string, limit int64, layers int, layer func(int) (io.ReadCloser, error)) ([]byte, error) {
	for range 8 {
		found, err := topmost(name, limit, layers, layer)
		if err != nil {
			return nil, err
		}
		switch {
		case found == nil || found.gone:
			return nil, fmt.Errorf("%s: %w", name, ErrNoFile)
		case found.link == "":
			return found.data, nil
		case path.IsAbs(found.link):
			name = path.Clean(found.link)
		default:
			name = path.Join(path.Dir(name), found.link)
		}
	}
	return nil, fmt.Errorf("%s: its links go round in a circle", name)
}

// topmost is what the topmost layer says that says anything of a path.
func topmost(name string, limit int64, layers int, layer func(int) (io.ReadCloser, error)) (*foundFile, error) {
	for i := layers - 1; i >= 0; i-- {
		r, err := layer(i)
		if err != nil {
			return nil, err
		}
		found, err := inLayer(r, name, limit)
		if err == nil { // what is behind the archive counts for the digest
			_, err = io.Copy(io.Discard, r)
		}
		if cerr := r.Close(); err == nil {
			err = cerr
		}
		if found != nil || err != nil {
			return found, err
		}
	}
	return nil, nil
}

// inLayer looks for a path in one layer. All of it is read, or nothing would be known of its
// end.
func inLayer(r io.Reader, name string, limit int64) (found *foundFile, err error) {
	plain, err := decompressed(r)
	if err != nil {
		return nil, err
	}
	t := tar.NewReader(&bounded{plain, maxLayer})
	base, dir := path.Base(name), path.Dir(name)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("a layer can't be read: %w", err)
		}
		at := path.Clean("/" + h.Name)
		if escapes(h.Name) {
			return nil, fmt.Errorf("a layer has %q, which points out of the image: it is not unpacked", h.Name)
		}
		switch {
		case at == name && (h.Typeflag == tar.TypeReg || h.Typeflag == '\x00'):
			if h.Size > limit {
				return nil, fmt.Errorf("%s has %d bytes, and may have %d at the most", name, h.Size, limit)
			}
			data, err := io.ReadAll(io.LimitReader(t, limit+1))
			if err != nil {
				return nil, fmt.Errorf("a layer can't be read: %w", err)
			}
			found = &foundFile{data: data}
		case at == name && h.Typeflag == tar.TypeSymlink:
			if !path.IsAbs(h.Linkname) && escapes(path.Join(dir[1:], h.Linkname)) {
				return nil, fmt.Errorf("%s is a link to %q, which points out of the image", name, h.Linkname)
			}
			found = &foundFile{link: h.Linkname}
		case at == name && h.Typeflag == tar.TypeLink:
			found = &foundFile{link: path.Clean("/" + h.Linkname)}
		case at == name:
			return nil, fmt.Errorf("%s is no file", name)
		case at == path.Join(dir, ".wh."+base), at == path.Join(dir, ".wh..wh..opq"):
			if found == nil {
				found = &foundFile{gone: true}
			}
		}
	}
}

// escapes tells whether a name of an entry leaves the folder that it is unpacked in.
func escapes(name string) bool {
	clean := path.Clean(strings.TrimPrefix(name, "/"))
	return clean == ".." || strings.HasPrefix(clean, "../")
}

// decompressed is a layer without its compression, whatever that is.
func decompressed(r io.Reader) (io.Reader, error) {
	head := make([]byte, 4)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	whole := io.MultiReader(bytes.NewReader(head[:n]), r)
	switch {
	case bytes.HasPrefix(head[:n], []byte{0x1f, 0x8b}):
		return gzip.NewReader(whole)
	case bytes.Equal(head[:n], []byte{0x28, 0xb5, 0x2f, 0xfd}):
		d, err := zstd.NewReader(whole)
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return whole, nil
}
