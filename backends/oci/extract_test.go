package oci

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// An entry is one of a layer of the tests; a link has its aim as its text.
type entry struct {
	kind       byte
	name, text string
}

func plainLayer(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Typeflag: e.kind, Name: e.name, Mode: 0o755, Size: int64(len(e.text))}
		if e.kind != tar.TypeReg {
			h.Linkname, h.Size = e.text, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if e.kind == tar.TypeReg {
			if _, err := io.WriteString(w, e.text); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t testing.TB, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func standard(t testing.TB, plain []byte) []byte {
	t.Helper()
	e, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return e.EncodeAll(plain, nil)
}

func extractFrom(layers ...[]byte) ([]byte, error) {
	return Extract(ComponentFile, 100, len(layers), func(i int) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(layers[i])), nil
	})
}

func TestExtract(t *testing.T) {
	file := func(name, text string) entry { return entry{tar.TypeReg, name, text} }
	link := func(name, to string) entry { return entry{tar.TypeSymlink, name, to} }
	for _, c := range []struct {
		name   string
		layers [][]byte
		want   string
		err    string
	}{
		{"a file", [][]byte{zipped(t, plainLayer(t, file("component", "one")))}, "one", ""},
		{"with a dot", [][]byte{plainLayer(t, file("./component", "one"))}, "one", ""},
		{"absolute", [][]byte{standard(t, plainLayer(t, file("/component", "one")))}, "one", ""},
		{"the topmost", [][]byte{plainLayer(t, file("component", "one")), zipped(t, plainLayer(t, file("component", "two"))), plainLayer(t, file("else", "x"))}, "two", ""},
		{"twice in one", [][]byte{plainLayer(t, file("component", "one"), file("component", "two"))}, "two", ""},
		{"a link", [][]byte{plainLayer(t, file("usr/bin/ttp", "one")), plainLayer(t, link("component", "usr/bin/ttp"))}, "one", ""},
		{"an absolute link", [][]byte{plainLayer(t, file("usr/bin/ttp", "one"), link("component", "/usr/bin/ttp"))}, "one", ""},
		{"a hard link", [][]byte{plainLayer(t, file("ttp", "one"), entry{tar.TypeLink, "component", "ttp"})}, "one", ""},
		{"removed", [][]byte{plainLayer(t, file("component", "one")), plainLayer(t, file(".wh.component", ""))}, "", "no such file"},
		{"all removed", [][]byte{plainLayer(t, file("component", "one")), plainLayer(t, file(".wh..wh..opq", ""))}, "", "no such file"},
		{"removed and made again", [][]byte{plainLayer(t, file("component", "one")), plainLayer(t, file("component", "two"), file(".wh..wh..opq", ""))}, "two", ""},
		{"nothing", [][]byte{plainLayer(t, file("other", "one"))}, "", "no such file"},
		{"no layer", nil, "", "no such file"},
		{"in a folder", [][]byte{plainLayer(t, file("x/component", "one"))}, "", "no such file"},
		{"a folder", [][]byte{plainLayer(t, entry{tar.TypeDir, "component/", ""})}, "", "is no file"},
		{"out of it", [][]byte{plainLayer(t, file("../component", "one"))}, "", "points out of the image"},
		{"out of it by a way", [][]byte{plainLayer(t, file("a/../../etc/passwd", "one"), file("component", "x"))}, "", "points out of the image"},
		{"a link out of it", [][]byte{plainLayer(t, link("component", "../../etc/passwd"))}, "", "points out of the image"},
		{"a circle", [][]byte{plainLayer(t, link("component", "other"), link("other", "component"))}, "", "in a circle"},
		{"too large", [][]byte{plainLayer(t, file("component", strings.Repeat("x", 101)))}, "", "may have 100 at the most"},
		{"cut off", [][]byte{plainLayer(t, file("component", strings.Repeat("x", 99)))[:550]}, "", "can't be read"},
		{"cut off where it is packed", [][]byte{zipped(t, plainLayer(t, file("component", strings.Repeat("x", 99))))[:40]}, "", "can't be read"},
		{"no archive", [][]byte{bytes.Repeat([]byte("no archive "), 100)}, "", "can't be read"},
	} {
		got, err := extractFrom(c.layers...)
		switch {
		case c.err != "":
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: want %q, got %q and %v", c.name, c.err, got, err)
			}
			if c.err == "no such file" && !errors.Is(err, ErrNoFile) {
				t.Errorf("%s: %v is not ErrNoFile", c.name, err)
			}
		case err != nil || string(got) != c.want:
			t.Errorf("%s: %q and %v", c.name, got, err)
		}
	}
}

// A reader that fails at its end, as one does that compares digests, fails all.
func TestExtractReadsToTheEnd(t *testing.T) {
	layer := plainLayer(t, entry{tar.TypeReg, "component", "one"})
	other := errors.New("it is another one")
	_, err := Extract(ComponentFile, 100, 1, func(int) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader(layer), strings.NewReader("behind it"), failing{other})), nil
	})
	if !errors.Is(err, other) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// What a registry sends makes nothing panic.
func FuzzExtract(f *testing.F) {
	for _, layer := range [][]byte{
		plainLayer(f, entry{tar.TypeReg, "component", "one"}),
		plainLayer(f, entry{tar.TypeSymlink, "component", "usr/ttp"}, entry{tar.TypeReg, "usr/ttp", "x"}),
		zipped(f, plainLayer(f, entry{tar.TypeReg, ".wh.component", ""})),
		standard(f, plainLayer(f, entry{tar.TypeLink, "component", "x"})),
	} {
		f.Add(layer)
	}
	f.Fuzz(func(t *testing.T, layer []byte) {
		got, err := extractFrom(layer)
		if err == nil && len(got) > 100 {
			t.Errorf("%d bytes", len(got))
		}
	})
}
