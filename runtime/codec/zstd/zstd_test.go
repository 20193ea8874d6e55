package zstd

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func pack(t testing.TB, pieces ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pieces {
		if _, err := io.WriteString(w, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unpack(packed []byte) (string, error) {
	r, err := NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", err
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	return string(got), err
}

func TestRoundTrip(t *testing.T) {
	noise := make([]byte, 300<<10)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	for _, text := range []string{"a", strings.Repeat("a line\n", 100_000), string(noise)} {
		packed := pack(t, text)
		if got, err := unpack(packed); err != nil || got != text {
			t.Errorf("%d bytes came back as %d, %v", len(text), len(got), err)
		}
		if !bytes.Equal(packed, pack(t, text)) {
			t.Error("the same bytes gave another frame")
		}
	}
}

// Frames one after another are one stream: that is what a file is that was
// appended to.
func TestSeveralFrames(t *testing.T) {
	var b bytes.Buffer
	w, err := NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"one\n", "two\n", "three\n"} {
		w.(interface{ Reset(io.Writer) }).Reset(&b)
		io.WriteString(w, text)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := unpack(b.Bytes()); err != nil || got != "one\ntwo\nthree\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestDamage(t *testing.T) {
	packed := pack(t, strings.Repeat("some text that is there ", 1000))
	if _, err := unpack(packed[:len(packed)-5]); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a torn frame gave %v", err)
	}
	if _, err := unpack([]byte("this is no zstd\n")); err == nil {
		t.Error("text was taken for zstd")
	}
	packed[len(packed)/2] ^= 0x55
	if _, err := unpack(packed); err == nil {
		t.Error("a damaged frame was taken for a whole one")
	}
}

// A frame whose header asks for a window of 1 GiB.
func TestWindowIsBounded(t *testing.T) {
	hostile := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 0x01, 0x00, 0x00}
	if _, err := unpack(hostile); err == nil {
		t.Error("a window of 1 GiB was taken")
	}
}
