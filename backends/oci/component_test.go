package oci_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/flowc-dev/flowc/backends/oci"
	"github.com/flowc-dev/flowc/backends/oci/ocitest"
)

// The image of a component is the same each time, and has its program and its descriptor.
func TestComponent(t *testing.T) {
	t.Parallel()
	s := oci.ComponentSpec{Name: "ttp", Version: "v1.0.0", Descriptor: []byte(`{"name": "ttp"}`), Programs: ocitest.Programs(t, "linux/amd64", "linux/arm64")}
	image, err := oci.NewComponent(s)
	if err != nil {
		t.Fatal(err)
	}
	again, err := oci.NewComponent(s)
	if err != nil || again.Digest != image.Digest {
		t.Errorf("it is another one the second time: %v", err)
	}
	if err := validate.Index(image.Index); err != nil {
		t.Error(err)
	}
	for i, p := range image.Parts {
		layers, err := p.Image.Layers()
		if err != nil {
			t.Fatal(err)
		}
		for file, want := range map[string][]byte{oci.ComponentFile: s.Programs[i].Binary, oci.DescriptorFile: s.Descriptor} {
			got, err := oci.Extract(file, oci.MaxComponent, len(layers), func(i int) (io.ReadCloser, error) { return layers[i].Compressed() })
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s has another %s: %v", p.Platform, file, err)
			}
		}
		config, err := p.Image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if c := config.Config; config.OS+"/"+config.Architecture != p.Platform.String() || strings.Join(c.Entrypoint, " ") != oci.ComponentFile || c.User != "65532:65532" {
			t.Errorf("%s is run as %+v", p.Platform, c)
		}
	}
	for _, wrong := range []oci.ComponentSpec{{Descriptor: s.Descriptor}, {Descriptor: []byte("{"), Programs: s.Programs}} {
		if _, err := oci.NewComponent(wrong); err == nil {
			t.Error("it is a component")
		}
	}
}
