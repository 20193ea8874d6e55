package live

import (
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/flowc-dev/flowc/backends/oci"
	"github.com/flowc-dev/flowc/backends/oci/ocitest"
)

// serve starts a registry; with a user it lets only that one in, by the password
// "secret".
func serve(t *testing.T, referrers bool, user string) (host string) {
	t.Helper()
	// Nobody's configuration is that of the test.
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(referrers))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); user != "" && (u != user || p != "secret") {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// login writes Docker's configuration.
func login(t *testing.T, host, user string) {
	t.Helper()
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":secret"))
	config := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, host, auth)
	if err := os.WriteFile(filepath.Join(os.Getenv("DOCKER_CONFIG"), "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

func imageOf(t *testing.T, s oci.Spec) *oci.Image {
	t.Helper()
	image, err := oci.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func reference(t *testing.T, text string) oci.Reference {
	t.Helper()
	ref, err := oci.ParseReference(text, "h")
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func TestPush(t *testing.T) {
	host := serve(t, true, "")
	ref := reference(t, host+"/acme/orders")
	image := imageOf(t, ocitest.Spec(t, "linux/amd64", "linux/arm64"))
	for range 2 { // the second finds all there
		if attached, err := Push(t.Context(), ref, image); err != nil || attached != nil {
			t.Fatal(err, attached)
		}
	}
	d, err := remote.Get(ref.Tag)
	if err != nil {
		t.Fatal(err)
	}
	if d.Digest != image.Digest {
		t.Errorf("the registry has %s, not %s", d.Digest, image.Digest)
	}
	index, err := d.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	for _, p := range image.Parts {
		list, err := remote.Referrers(ref.Tag.Context().Digest(p.Digest.String()))
		if err != nil {
			t.Fatal(err)
		}
		m, err := list.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Manifests) != 1 {
			t.Errorf("%s has the referrers %+v", p.Platform, m.Manifests)
			continue
		}
		artifact, err := remote.Image(ref.Tag.Context().Digest(m.Manifests[0].Digest.String()))
		if err != nil {
			t.Fatal(err)
		}
		if am, err := artifact.Manifest(); err != nil || am.ArtifactType != "application/vnd.cyclonedx+json" || am.Subject.Digest != p.Digest {
			t.Errorf("the artifact of %s is %+v: %v", p.Platform, am, err)
		}
		layers, err := artifact.Layers()
		if err != nil {
			t.Fatal(err)
		}
		r, err := layers[0].Compressed()
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(r); err != nil || string(text) != string(p.SBOM) {
			t.Errorf("the bill of %s is another one: %v", p.Platform, err)
		}
	}
}

// A registry that keeps no referrers keeps the image, and nothing by a tag that
// nobody asked for.
func TestPushWithoutReferrers(t *testing.T) {
	host := serve(t, false, "")
	ref := reference(t, host+"/orders")
	attached, err := Push(t.Context(), ref, imageOf(t, ocitest.Spec(t, "linux/amd64")))
	if err != nil || attached == nil {
		t.Fatal(err, attached)
	}
	tags, err := remote.List(ref.Tag.Context())
	if err != nil || len(tags) != 1 {
		t.Error(tags, err)
	}
}

func TestPushAsSomebody(t *testing.T) {
	host := serve(t, true, "ada")
	ref := reference(t, host+"/orders")
	image := imageOf(t, ocitest.Spec(t, "linux/amd64"))
	if _, err := Push(t.Context(), ref, image); err == nil || !strings.Contains(err.Error(), "`docker login "+host+"`") {
		t.Errorf("nobody may push: %v", err)
	}
	login(t, host, "eve")
	if _, err := Push(t.Context(), ref, image); err == nil || !strings.Contains(err.Error(), "it refuses") {
		t.Errorf("eve may push: %v", err)
	}
	login(t, host, "ada")
	if attached, err := Push(t.Context(), ref, image); err != nil || attached != nil {
		t.Fatal(err, attached)
	}
	if _, err := remote.Image(ref.Tag, remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		t.Error(err)
	}
}

func TestNoRegistry(t *testing.T) {
	host := serve(t, true, "")
	l := httptest.NewServer(http.NotFoundHandler())
	gone := strings.TrimPrefix(l.URL, "http://")
	l.Close()
	if _, err := Push(t.Context(), reference(t, gone+"/orders"), imageOf(t, ocitest.Spec(t, "linux/amd64"))); err == nil || !strings.Contains(err.Error(), "can't push to "+gone) {
		t.Error(err)
	}
	if _, err := Base(t.Context(), host+"/nothing:1", nil); err == nil || !strings.Contains(err.Error(), "no such thing") {
		t.Error(err)
	}
}

func TestBase(t *testing.T) {
	host := serve(t, true, "")
	both := []oci.Platform{{OS: "linux", Arch: "amd64"}, {OS: "linux", Arch: "arm64"}}
	below := imageOf(t, ocitest.Spec(t, "linux/amd64", "linux/arm64"))
	if _, err := Push(t.Context(), reference(t, host+"/base:1"), below); err != nil {
		t.Fatal(err)
	}
	single := imageOf(t, ocitest.Spec(t, "linux/arm64"))
	if _, err := Push(t.Context(), reference(t, host+"/single:1"), single); err != nil {
		t.Fatal(err)
	}

	s := ocitest.Spec(t, "linux/amd64", "linux/arm64")
	base, err := Base(t.Context(), host+"/base:1", both)
	if err != nil {
		t.Fatal(err)
	}
	s.Base = base
	if base.Digest != below.Digest {
		t.Error("the base has another digest")
	}
	image := imageOf(t, s)
	ref := reference(t, host+"/orders")
	if _, err := Push(t.Context(), ref, image); err != nil {
		t.Fatal(err)
	}
	d, err := remote.Index(ref.Tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(d); err != nil {
		t.Error(err)
	}
	for i, p := range image.Parts {
		if got, want := layersOf(t, p.Image), layersOf(t, below.Parts[i].Image); len(got) != 4 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("%s has the layers %v, and the base %v", p.Platform, got, want)
		}
	}

	// By its digest it is the same base.
	pinned, err := Base(t.Context(), host+"/base@"+below.Digest.String(), both)
	if err != nil || pinned.Digest != base.Digest {
		t.Error(err)
	}
	if _, err := Base(t.Context(), host+"/single:1", both[1:]); err != nil {
		t.Error(err)
	}
	for _, ref := range []string{"/single:1", "/base:1"} {
		_, err = Base(t.Context(), host+ref, append(both, oci.Platform{OS: "linux", Arch: "s390x"}))
		if err == nil || !strings.Contains(err.Error(), "is not there for linux/") || !strings.Contains(err.Error(), "linux/arm64") {
			t.Error(err)
		}
	}
	if _, err := Base(t.Context(), "NO NAME", both); err == nil {
		t.Error("it is a name")
	}
}

func layersOf(t *testing.T, image v1.Image) (all []string) {
	t.Helper()
	m, err := image.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range m.Layers {
		all = append(all, l.Digest.String())
	}
	return all
}
