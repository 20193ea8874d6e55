package oci_test

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/flowc-dev/flowc/backends/oci"
	"github.com/flowc-dev/flowc/backends/oci/ocitest"
)

func newImage(t *testing.T, s oci.Spec) *oci.Image {
	t.Helper()
	image, err := oci.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// An entry is a file of an image.
type entry struct {
	tar.Header
	text string
}

// files are those of all layers, the upper over the lower.
func files(t *testing.T, image v1.Image) map[string]entry {
	t.Helper()
	r := mutate.Extract(image)
	defer r.Close()
	return entries(t, r)
}

func entries(t *testing.T, r io.Reader) map[string]entry {
	t.Helper()
	all := map[string]entry{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := all[h.Name]; twice {
			t.Errorf("%s is there twice", h.Name)
		}
		all[h.Name] = entry{*h, string(text)}
	}
}

func TestImage(t *testing.T) {
	s := ocitest.Spec(t, "linux/amd64")
	image := newImage(t, s)
	if image.Index != nil || len(image.Parts) != 1 {
		t.Fatal("an image of one platform needs no index")
	}
	part := image.Parts[0]
	if err := validate.Image(part.Image); err != nil {
		t.Error(err)
	}
	c, err := part.Image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintln(c.OS, c.Architecture, c.Config.User, c.Config.WorkingDir, c.Config.Entrypoint, c.Config.Cmd, c.Config.StopSignal, c.Created.Unix()); got != "linux amd64 65532:65532 /data [/app] [] SIGTERM 0\n" {
		t.Error("the configuration is", got)
	}
	want := map[string]string{
		"org.opencontainers.image.title": "orders", "org.opencontainers.image.version": "0123456789abcdef", "org.opencontainers.image.revision": "0123456789abcdef",
		"dev.flowc.pipeline": "orders", "dev.flowc.hash": "0123456789abcdef", "dev.flowc.version": "v1.2.3", "dev.flowc.sbom": oci.SBOMFile,
	}
	m, err := part.Image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(c.Config.Labels, want) || !maps.Equal(m.Annotations, want) {
		t.Errorf("the labels are %v, the annotations %v", c.Config.Labels, m.Annotations)
	}
	all := files(t, part.Image)
	for name, wanted := range map[string]string{
		"app": "755 0", "data": "755 65532", "etc/passwd": "644 0", "etc/group": "644 0", "tmp": "1777 0", "etc/ssl/certs/ca-certificates.crt": "644 0", oci.SBOMFile[1:]: "644 0",
	} {
		e := all[name]
		if got := fmt.Sprintf("%o %d", e.Mode, e.Uid); got != wanted || e.Uid != e.Gid || e.ModTime.Unix() != 0 {
			t.Errorf("%s has %s, not %s (%v)", name, got, wanted, e.ModTime)
		}
	}
	if all["app"].text != string(s.Programs[0].Binary) {
		t.Error("/app is not the program")
	}
	if all[oci.SBOMFile[1:]].text != string(part.SBOM) {
		t.Error("the bill of materials is another one")
	}
	if !x509.NewCertPool().AppendCertsFromPEM([]byte(all["etc/ssl/certs/ca-certificates.crt"].text)) || strings.Count(all["etc/ssl/certs/ca-certificates.crt"].text, "BEGIN CERTIFICATE") < 100 {
		t.Error("the certificates are none")
	}
}

// The folders that a program writes to are its own; those above them, and those that
// are there for all, stay root's.
func TestFolders(t *testing.T) {
	s := ocitest.Spec(t, "linux/amd64")
	s.Folders = []string{"/archive/years", "/archive", "/etc/ssl", "/srv/a/b"}
	all := files(t, newImage(t, s).Parts[0].Image)
	for name, wanted := range map[string]string{"archive": "755 65532", "archive/years": "755 65532", "etc/ssl": "755 0", "srv": "755 0", "srv/a": "755 0", "srv/a/b": "755 65532", "data": "755 65532"} {
		if got := fmt.Sprintf("%o %d", all[name].Mode, all[name].Uid); got != wanted {
			t.Errorf("%s has %s, not %s", name, got, wanted)
		}
	}
}

func TestManyPlatforms(t *testing.T) {
	image := newImage(t, ocitest.Spec(t, "linux/amd64", "linux/arm64", "linux/arm/v7"))
	if err := validate.Index(image.Index); err != nil {
		t.Error(err)
	}
	m, err := image.Index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, d := range m.Manifests {
		got = append(got, d.Platform.String())
		if d.Digest != image.Parts[i].Digest {
			t.Errorf("%s is another image than its part", d.Platform)
		}
		c, err := image.Parts[i].Image.ConfigFile()
		if err != nil || !c.Platform().Equals(*d.Platform) {
			t.Errorf("%v is the image of %s: %v", c.Platform(), d.Platform, err)
		}
	}
	if want := []string{"linux/amd64", "linux/arm64", "linux/arm/v7"}; !slices.Equal(got, want) || m.MediaType != types.OCIImageIndex || m.Annotations["dev.flowc.hash"] != "0123456789abcdef" {
		t.Errorf("%v, %s, %v", got, m.MediaType, m.Annotations)
	}
	// What lies below the programs is one layer of all.
	a, _ := image.Parts[0].Image.Layers()
	b, _ := image.Parts[1].Image.Layers()
	if digest(t, a[0]) != digest(t, b[0]) || digest(t, a[1]) == digest(t, b[1]) {
		t.Error("the layers are not shared as they should be")
	}
}

func digest(t *testing.T, l v1.Layer) string {
	t.Helper()
	d, err := l.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}

// Two builds are one image, to the byte; another program is another one.
func TestSameBytes(t *testing.T) {
	ref, err := oci.ParseReference("registry.example.com/orders", "v1")
	if err != nil {
		t.Fatal(err)
	}
	archive := func(s oci.Spec) []byte {
		var b bytes.Buffer
		if err := newImage(t, s).Archive(&b, ref); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	s := ocitest.Spec(t, "linux/amd64", "linux/arm64")
	first := archive(s)
	if !bytes.Equal(first, archive(ocitest.Spec(t, "linux/amd64", "linux/arm64"))) {
		t.Error("two builds differ")
	}
	s.Hash = "ffffffffffffffff"
	if bytes.Equal(first, archive(s)) {
		t.Error("another pipeline has the same image")
	}
}

// base is an image as Docker makes them, with all that must not come through.
func base(t *testing.T) v1.Image {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	_ = w.WriteHeader(&tar.Header{Name: "etc/os-release", Mode: 0o644, Size: 4})
	_, _ = w.Write([]byte("base"))
	_ = w.Close()
	image, err := mutate.Append(empty.Image, mutate.Addendum{Layer: static.NewLayer(b.Bytes(), types.DockerUncompressedLayer), History: v1.History{CreatedBy: "them"}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c = c.DeepCopy()
	c.OS, c.Architecture = "linux", "amd64"
	c.Config = v1.Config{User: "root", Cmd: []string{"sh"}, Entrypoint: []string{"/init"}, Env: []string{"A=b"}, Labels: map[string]string{"theirs": "1", "org.opencontainers.image.title": "theirs"}, Healthcheck: &v1.HealthConfig{Test: []string{"CMD", "x"}}}
	if image, err = mutate.ConfigFile(image, c); err != nil {
		t.Fatal(err)
	}
	return image
}

func TestBase(t *testing.T) {
	s := ocitest.Spec(t, "linux/amd64")
	below := base(t)
	d, err := below.Digest()
	if err != nil {
		t.Fatal(err)
	}
	s.Base = &oci.Base{Reference: "example.com/base:1", Digest: d, Images: map[oci.Platform]v1.Image{s.Programs[0].Platform: below}}
	image := newImage(t, s).Parts[0].Image
	c, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintln(c.Config.User, c.Config.Entrypoint, c.Config.Cmd, c.Config.Env, c.Config.Healthcheck, c.Config.Labels["theirs"], c.Config.Labels["org.opencontainers.image.title"], len(c.History), len(c.RootFS.DiffIDs)); got != "65532:65532 [/app] [] [A=b] <nil> 1 orders 3 3\n" {
		t.Error("the configuration is", got)
	}
	if c.Config.Labels["org.opencontainers.image.base.name"] != "example.com/base:1" || c.Config.Labels["org.opencontainers.image.base.digest"] != d.String() {
		t.Error("the base is not said:", c.Config.Labels)
	}
	m, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Layers) != 3 || m.Layers[0].MediaType != types.OCIUncompressedLayer || m.MediaType != types.OCIManifestSchema1 || m.Config.MediaType != types.OCIConfigJSON {
		t.Errorf("the manifest is %+v", m)
	}
	all := files(t, image)
	if all["etc/os-release"].text != "base" || all["app"].text == "" {
		t.Error("the base or the program is missing")
	}
	// What the base's owner decides stays theirs: only what it may lack is added.
	for _, name := range []string{"etc", "etc/passwd", "etc/group", "tmp", "etc/ssl/certs/ca-certificates.crt"} {
		if _, there := all[name]; there {
			t.Errorf("%s is put over the base's own", name)
		}
	}
	if !strings.Contains(all["etc/pki/tls/cacert.pem"].text, "BEGIN CERTIFICATE") {
		t.Error("a base without certificates gets none")
	}

	s.Programs = append(s.Programs, ocitest.Programs(t, "linux/arm64")...)
	if _, err := oci.New(s); err == nil || !strings.Contains(err.Error(), "no such platform") {
		t.Error(err)
	}
}

func TestArchive(t *testing.T) {
	image := newImage(t, ocitest.Spec(t, "linux/amd64"))
	ref, err := oci.ParseReference("acme/orders", "v1")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := image.Archive(&b, ref); err != nil {
		t.Fatal(err)
	}
	all := entries(t, &b)
	var index v1.IndexManifest
	if err := json.Unmarshal([]byte(all["index.json"].text), &index); err != nil {
		t.Fatal(err)
	}
	d := index.Manifests[0]
	if d.Digest != image.Digest || d.Annotations["io.containerd.image.name"] != "docker.io/acme/orders:v1" || d.Annotations["org.opencontainers.image.ref.name"] != "v1" {
		t.Errorf("the index has %+v", d)
	}
	// Every blob is what its name says, and each that is named is there.
	for name, e := range all {
		if hex, ok := strings.CutPrefix(name, "blobs/sha256/"); ok && hex != "" {
			if h, _, _ := v1.SHA256(strings.NewReader(e.text)); h.Hex != hex {
				t.Errorf("%s is %s", name, h)
			}
		}
	}
	var list []struct {
		Config           string
		RepoTags, Layers []string
	}
	if err := json.Unmarshal([]byte(all["manifest.json"].text), &list); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(list[0].Layers, list[0].Config, "blobs/sha256/"+d.Digest.Hex) {
		if all[name].text == "" {
			t.Errorf("there is no %s", name)
		}
	}
	if !slices.Equal(list[0].RepoTags, []string{"acme/orders:v1"}) || len(list[0].Layers) != 2 {
		t.Errorf("Docker's list is %+v", list)
	}
}

func TestNoProgram(t *testing.T) {
	s := ocitest.Spec(t, "linux/amd64")
	s.Programs[0].Binary = []byte("#!/bin/sh\n")
	if _, err := oci.New(s); err == nil || !strings.Contains(err.Error(), "linux/amd64") {
		t.Error(err)
	}
	s.Programs = nil
	if _, err := oci.New(s); err == nil {
		t.Error("an image of nothing was made")
	}
}
