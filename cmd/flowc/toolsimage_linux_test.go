package main

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// toolsImage pushes an image to a registry that has programs of this machine, each at its
// path, with the libraries that they need: what `--base` takes for pipelines that start
// commands.
func toolsImage(t *testing.T, host string, programs ...string) string {
	t.Helper()
	files := map[string]string{} // by the path in the image
	for _, program := range append([]string{"stdbuf"}, programs...) {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Skipf("this machine has no %s", program)
		}
		files["/usr/bin/"+program] = path
		for _, library := range librariesOf(t, path) {
			files[library] = library
		}
	}
	preloaded, err := filepath.Glob("/usr/libexec/coreutils/*.so") // what stdbuf has programs load
	if err != nil {
		t.Fatal(err)
	}
	for _, library := range preloaded {
		files[library] = library
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, dir := range []string{"bin", "lib", "lib64"} { // of which paths in scripts and programs begin
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: dir, Linkname: "usr/" + dir, Mode: 0o777}); err != nil {
			t.Fatal(err)
		}
	}
	var paths []string
	for path := range files {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		data, err := os.ReadFile(files[path])
		if err != nil {
			t.Fatal(err)
		}
		at := strings.TrimPrefix(path, "/")
		if !strings.HasPrefix(at, "usr/") {
			at = "usr/" + at
		}
		if err := w.WriteHeader(&tar.Header{Name: at, Mode: 0o755, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layer.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	image, err := mutate.AppendLayers(empty.Image, content)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config.Env = []string{"PATH=/usr/bin"}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(host + "/tools:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(tag, image); err != nil {
		t.Fatal(err)
	}
	return tag.String()
}

// library is a path in what ldd says.
var library = regexp.MustCompile(`/\S+`)

// librariesOf are the files that a program is linked with, none of a static one.
func librariesOf(t *testing.T, program string) (all []string) {
	t.Helper()
	out, err := exec.Command("ldd", program).CombinedOutput()
	if err != nil && !strings.Contains(string(out), "not a dynamic executable") {
		t.Fatalf("ldd %s: %v\n%s", program, err, out)
	}
	for line := range strings.Lines(string(out)) {
		if path := library.FindString(line); path != "" && !strings.HasPrefix(line, program+":") {
			all = append(all, path)
		}
	}
	return all
}
